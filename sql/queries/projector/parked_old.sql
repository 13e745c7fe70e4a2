-- $1::int[] partitions
-- Parked for a week and still nobody's: to be given up on.
select topic, partition, record_offset, record_key, headers, payload
  from early_facts
 where partition = any ($1) and recorded_at < now() - interval '7 days'
 order by topic, partition, record_offset
 limit 100
