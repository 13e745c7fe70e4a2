-- $1 jobs $2 attempts $3 views $4 names $5 uris $6 media types $7 widths $8 heights $9 sizes $10 sha256 $11 crc32 $12 batches
-- The outputs of a completion that was accepted; the first one owns the rows, and a later one adds
-- none to them.
insert into outputs (job_id, batch_id, view, name, uri, media_type, width, height, size, sha256,
	crc32, attempt)
select o.job_id, j.batch_id, o.view, o.name, o.uri, o.media_type, o.width, o.height, o.size,
       o.sha256, o.crc32, o.attempt
  from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[],
	$8::int[], $9::int8[], $10::text[], $11::int8[], $12::uuid[])
       as o (job_id, attempt, view, name, uri, media_type, width, height, size, sha256, crc32,
	batch_id)
  join jobs j on j.id = any (array[o.job_id]) and j.status = 'completed' and j.attempt = o.attempt
   and j.batch_id is not distinct from o.batch_id
 where not exists (select from outputs t where t.job_id = any (array[o.job_id]))
on conflict do nothing
