-- $1::int[] partitions   $2::int attempts a run
-- A lost dispatch or a silent renderer: the next attempt, or the end.
update jobs j
   set status = case when j.attempt - j.first_attempt + 1 < $2 then 'retry_wait' else 'failed' end,
       attempt = case when j.attempt - j.first_attempt + 1 < $2 then j.attempt + 1 else j.attempt end,
       next_attempt_at = case when j.attempt - j.first_attempt + 1 < $2 then now() end, lease_until = null,
       completed_at = case when j.attempt - j.first_attempt + 1 < $2 then null else j.lease_until end,
       error_code = 'lease_expired', error_message = 'no renderer answered in time'
  from batches b
 where j.status in ('dispatched', 'processing') and j.lease_until < now()
   and j.batch_id = any (array[b.id]) and b.outstanding and b.partition = any ($1)
