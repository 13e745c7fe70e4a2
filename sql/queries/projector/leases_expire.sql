-- $1::int[] partitions   $2::int attempts a run   $3::uuid, $4::int behind this job   $5::int at most
-- A lost dispatch or a silent renderer: the next attempt, or the end; the one that was lost is
-- kept. Batches with jobs that are out are walked through, so many jobs at a time, whatever a batch holds:
-- leases stand in no index. Says where it stopped, and how many jobs it has seen.
with walked as (
	select j.id, j.batch_id, j.position, j.status, j.lease_until, j.attempt, w.run_no
	  from (select b.id, b.run_no from batches b
	         where b.outstanding and b.partition = any ($1) and b.id >= $3::uuid
	         order by b.id) w
	 cross join lateral (select * from jobs
	         where batch_id = w.id and position > case when w.id = $3 then $4::int else -1 end
	         order by position limit $5::int) j
	 order by j.batch_id, j.position limit $5),
expired as (
	update jobs j
	   set status = case when j.attempt - j.first_attempt + 1 < $2 then 'retry_wait' else 'failed' end,
	       attempt = case when j.attempt - j.first_attempt + 1 < $2 then j.attempt + 1 else j.attempt end,
	       next_attempt_at = case when j.attempt - j.first_attempt + 1 < $2 then now() end, lease_until = null,
	       completed_at = case when j.attempt - j.first_attempt + 1 < $2 then null else j.lease_until end,
	       error_code = 'lease_expired', error_message = 'no renderer answered in time'
	  from walked w
	 where w.status in ('dispatched', 'processing') and w.lease_until < now()
	   and j.id = any (array[w.id])
	returning w.*),
lost as (
	insert into failed_attempts (batch_id, job_id, attempt, run_no, failed_at, error_code, error_message, retryable)
	select batch_id, id, attempt, run_no, lease_until, 'lease_expired', 'no renderer answered in time', true
	  from expired
	on conflict do nothing)
select batch_id, position, count(*) over () as seen from walked
 order by batch_id desc, position desc limit 1
