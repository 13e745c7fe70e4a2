set search_path to :"schema", batchline_base;
select batch_id, job_id, attempt, run_no, worker, failed_at, error_code, error_message, retryable, duration_ms
  from failed_attempts where false;
