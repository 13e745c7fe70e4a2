-- $1::uuid batch   $2::uuid job
-- Its attempts that failed, the newest first; no more than anybody reads.
select attempt, run_no, worker, failed_at, error_code, error_message, retryable, duration_ms
  from failed_attempts where batch_id = $1 and job_id = $2
 order by attempt desc limit 100
