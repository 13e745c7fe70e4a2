-- $1::int[] partitions   $2::int8 after this id
select o.id, o.job_id, o.batch_id, o.partition, o.attempt, o.created_at, b.run_no, j.position,
       j.file_name, j.output_stem, j.source_uri, j.size, b.priority, b.pipeline_id,
       p.definition::text, b.traceparent, j.sha256
  from outbox o
  join jobs j on j.id = any (array[o.job_id])
  join batches b on b.id = any (array[j.batch_id])
  join pipelines p on p.id = b.pipeline_id
 where o.kind = 'job' and o.partition = any ($1) and o.id > $2::int8 and o.parked_at is null
 order by o.id
 limit 5000
