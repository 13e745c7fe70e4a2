-- $1::uuid[] batches that are new in this turn   $2::int[] partitions
-- Facts that came before their submission, once it is there. (The revision stands in no index, so
-- that no index is read through in place of a look at the key.)
select topic, partition, record_offset, record_key, headers, payload
  from early_facts e
 where e.partition = any ($2)
   and (e.batch_id = any ($1) or exists (select from batches b where b.id = any (array[e.batch_id])
	and b.revision > 0))
 order by topic, partition, record_offset
 limit 10000
