-- $1 batches $2 jobs $3 attempts $4 runs $5 workers $6 failed at $7 codes $8 messages $9 retryable $10 durations
-- Attempts that failed, after facts_apply: of a job that has come so far, and did not end well by this very
-- attempt. What is said again adds nothing.
insert into failed_attempts (batch_id, job_id, attempt, run_no, worker, failed_at, error_code, error_message,
	retryable, duration_ms)
select f.batch_id, f.job_id, f.attempt, f.run_no, f.worker, f.failed_at, f.error_code, f.error_message,
       f.retryable, f.duration_ms
  from unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::text[], $6::timestamptz[], $7::text[],
	$8::text[], $9::bool[], $10::int[])
       as f (batch_id, job_id, attempt, run_no, worker, failed_at, error_code, error_message, retryable,
	duration_ms)
  join jobs j on j.id = any (array[f.job_id]) and j.batch_id is not distinct from f.batch_id
   and f.attempt <= j.attempt and not (j.status = 'completed' and f.attempt = j.attempt)
on conflict do nothing
