-- $1 batches $2 runs $3 uris $4 sizes $5 sha256 $6 entries $7 when
-- An archive of another run than the batch's is ignored.
update batches b
   set archive_uri = a.uri, archive_size = a.size, archive_sha256 = a.sha256,
       archive_entries = a.entries, archive_run_no = a.run_no, moved_at = a.at
  from unnest($1::uuid[], $2::int[], $3::text[], $4::int8[], $5::text[], $6::int[],
	$7::timestamptz[]) as a (batch_id, run_no, uri, size, sha256, entries, at)
 where b.id = any (array[a.batch_id]) and b.run_no = a.run_no and b.deleted_at is null
   and b.archive_run_no is distinct from a.run_no
