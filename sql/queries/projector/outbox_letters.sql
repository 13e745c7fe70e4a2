-- $1::int[] partitions   $2::int8 after this id
select id, topic, record_key, headers, payload
  from outbox
 where kind = 'letter' and partition = any ($1) and id > $2::int8
 order by id
 limit 500
