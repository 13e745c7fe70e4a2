-- $1::text[] topics $2::int[] partitions $3::int8[] offsets $4::uuid[] batches $5::bytea[] keys $6::bytea[] headers $7::bytea[] payloads
insert into early_facts (topic, partition, record_offset, batch_id, record_key, headers, payload)
select * from unnest($1::text[], $2::int[], $3::int8[], $4::uuid[], $5::bytea[], $6::bytea[], $7::bytea[])
