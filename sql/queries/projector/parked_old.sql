-- $1::uuid[] batches that are new in this turn   $2::int[] partitions
-- Parked for a week and still nobody's: to be given up on.
select topic, partition, record_offset, record_key, headers, payload
  from early_facts e
 where partition = any ($2) and recorded_at < now() - interval '7 days'
   and not e.batch_id = any ($1)
   and not exists (select from batches b where b.id = any (array[e.batch_id]) and b.revision > 0)
 order by topic, partition, record_offset
 limit 100
