-- $1::int[] partitions
update jobs j set status = 'queued', next_attempt_at = null
  from batches b
 where j.status = 'retry_wait' and j.next_attempt_at <= now()
   and b.id = any (array[j.batch_id]) and b.partition = any ($1)
