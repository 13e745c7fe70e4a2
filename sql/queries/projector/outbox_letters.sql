-- $1::int[] partitions   $2::int8 after this id
-- As many as 32 MiB hold, and one in any case.
select id, topic, record_key, headers, payload
  from (select *, sum(coalesce(octet_length(payload), 0)) over (order by id) - coalesce(octet_length(payload), 0) as before
          from (select * from outbox
                 where kind = 'letter' and partition = any ($1) and id > $2::int8 and parked_at is null
                 order by id limit 500) first_ones) l
 where before < 33554432
 order by id
