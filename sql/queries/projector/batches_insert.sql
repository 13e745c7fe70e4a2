-- One array a column. New batches with the names that are theirs, as late as the rows allow.
insert into batches (id, customer_prefix, batch_date, batch_counter, base_directory_name,
	render_description, submitted_by, pipeline_id, total_files, total_pipelines, total_size,
	partition, priority, failures_tolerated, payload_sha256, error_code, error_message,
	created_at, traceparent)
select n.id, a.customer_prefix, a.batch_date, a.batch_counter,
       a.customer_prefix || '_' || to_char(a.batch_date, 'YYYY-MM-DD') || '_batch-' || a.batch_counter,
       n.description, n.submitted_by, n.pipeline_id, n.files, n.views, n.size,
       n.partition, n.priority, n.tolerated, n.sha256, n.error_code, n.error_message,
       n.created_at, n.trace
  from unnest($1::uuid[], $2::text[], $3::date[], $4::text[], $5::text[], $6::int[], $7::int[],
	$8::int[], $9::int8[], $10::int[], $11::int[], $12::int[], $13::bytea[], $14::text[],
	$15::text[], $16::timestamptz[], $17::text[])
       as n (id, prefix, day, description, submitted_by, pipeline_id, files, views, size,
	partition, priority, tolerated, sha256, error_code, error_message, created_at, trace)
  join allocate_names($1, $2, $3) a on a.batch_id = n.id
 order by n.id
