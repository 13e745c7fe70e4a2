-- $1::text[] topics   $2::int[] partitions   $3::bytea[] keys   $4::bytea[] headers   $5::bytea[] payloads
insert into outbox (kind, partition, topic, record_key, headers, payload)
select 'letter', n.partition, n.topic, n.record_key, n.headers, n.payload
  from unnest($1::text[], $2::int[], $3::bytea[], $4::bytea[], $5::bytea[])
       as n (topic, partition, record_key, headers, payload)
