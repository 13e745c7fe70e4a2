-- One array a column: id, batch, position, file name, output stem, source, size, created, sha256.
insert into jobs (id, batch_id, position, file_name, output_stem, source_uri, size, created_at,
	sha256)
select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[],
	$7::int8[], $8::timestamptz[], $9::text[])
