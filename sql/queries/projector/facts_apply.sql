-- $1 jobs  $2 attempts  $3 states  $4 started  $5 said at  $6 codes  $7 messages  $8 retryable  $9 previews  $10 durations
-- $11 batches   $12 sizes of inputs   $13 workers   $14::int attempts a run   $15::timestamptz lease until
-- The best fact of each job. A late or repeated one changes nothing: the row keeps the highest
-- (attempt, rank of state), and a final row is final for its attempt. A fact says nothing about a
-- job of another batch, which may be another projector's.
update jobs j
   set status = case when f.retryable and f.attempt - j.first_attempt + 1 < $14::int
	then 'retry_wait' else f.status end,
       attempt = f.attempt + (f.retryable and f.attempt - j.first_attempt + 1 < $14::int)::int,
       next_attempt_at = case when f.retryable and f.attempt - j.first_attempt + 1 < $14::int
	then least(f.at, now()) + interval '5 s' * 4 ^ least(f.attempt - j.first_attempt, 6) end,
       lease_until = case when f.status = 'processing' then $15::timestamptz end,
       started_at = coalesce(f.started_at, j.started_at),
       completed_at = case when f.status <> 'processing'
	and not (f.retryable and f.attempt - j.first_attempt + 1 < $14::int) then f.at end,
       error_code = f.error_code, error_message = f.error_message,
       preview_uri = coalesce(f.preview_uri, j.preview_uri), duration_ms = f.duration_ms,
       size = coalesce(f.input_size, j.size), worker = f.worker
  from unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::timestamptz[],
	$6::text[], $7::text[], $8::bool[], $9::text[], $10::int[], $11::uuid[],
	$12::int8[], $13::text[])
       as f (job_id, attempt, status, started_at, at, error_code, error_message, retryable,
	preview_uri, duration_ms, batch_id, input_size, worker)
 where j.id = any (array[f.job_id])
   and j.batch_id is not distinct from f.batch_id	-- no way into the rows but by the job's key
   and j.status in ('queued', 'dispatched', 'processing', 'retry_wait')
   and (f.attempt > j.attempt
        or f.attempt = j.attempt and (f.status <> 'processing' or j.status in ('queued', 'dispatched')))
