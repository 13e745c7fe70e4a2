-- $1::uuid[] jobs, none: all that failed or were cancelled   $2::uuid batch   $3::timestamptz when
-- A finished batch opens again with a new run; attempts go on counting.
with b as (
	update batches set run_no = run_no + 1, control = 'run', moved_at = $3
	 where id = $2::uuid and deleted_at is null and error_code is null
	   and status in ('failed', 'partial', 'cancelled')
	   and exists (select from jobs where batch_id = $2::uuid and status in ('failed', 'cancelled')
	       and (cardinality($1::uuid[]) = 0 or id in (select unnest($1::uuid[]))))
	returning id)
update jobs j
   set status = 'queued', attempt = j.attempt + 1, first_attempt = j.attempt + 1,
       error_code = null, error_message = null, started_at = null, completed_at = null,
       next_attempt_at = null, lease_until = null, worker = null
  from b
 where j.batch_id = any (array[b.id]) and j.status in ('failed', 'cancelled')
   and (cardinality($1::uuid[]) = 0 or j.id in (select unnest($1::uuid[])))
