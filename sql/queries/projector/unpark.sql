-- $1::text[] topics   $2::int[] partitions   $3::int8[] offsets
delete from early_facts e
 using unnest($1::text[], $2::int[], $3::int8[]) as w (topic, partition, record_offset)
 where e.topic = any (array[w.topic]) and e.partition = any (array[w.partition])
   and e.record_offset = any (array[w.record_offset])
