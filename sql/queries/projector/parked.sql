-- $1::uuid[] batches that are new in this turn   $2::int[] partitions   $3::int, $4::int8 behind this place
-- Facts that came before their submission, found by their batch alone; as many as 16 MiB hold, and
-- one in any case.
select partition, record_offset, record_key, headers, payload, recorded_at
  from (select f.*, sum(size) over (order by partition, record_offset) - size as before
          from (select e.*, octet_length(payload) + coalesce(octet_length(headers), 0) as size from unnest($1::uuid[]) as w (id)
                  join early_facts e on e.batch_id = any (array[w.id])
                 where e.topic = 'events' and e.partition = any ($2)
                   and (e.partition, e.record_offset) > ($3::int, $4::int8)
                 order by e.partition, e.record_offset limit 10000) f) g
 where before < 16777216
 order by partition, record_offset
