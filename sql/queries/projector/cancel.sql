-- $1::uuid batch   $2::timestamptz when
-- Too late for a batch that is final: nothing happens.
with b as (
	update batches set control = 'cancel', moved_at = $2::timestamptz
	 where id = $1 and status in ('queued', 'processing', 'paused') and deleted_at is null
	returning id)
update jobs j
   set status = 'cancelled', completed_at = $2, lease_until = null, next_attempt_at = null
  from b
 where j.batch_id = any (array[b.id]) and j.status in ('queued', 'dispatched', 'processing', 'retry_wait')
