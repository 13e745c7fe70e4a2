-- $1::int[] partitions   $2::int8 after this id
select o.id, b.id, b.revision, b.run_no, b.partition, b.status, b.control, b.base_directory_name,
       b.customer_prefix, b.batch_date, b.batch_counter, b.render_description, b.submitted_by,
       b.pipeline_id, b.priority, b.failures_tolerated, b.total_files, b.total_pipelines,
       b.total_size, b.jobs_queued, b.jobs_dispatched, b.jobs_processing, b.jobs_retry_wait,
       b.jobs_completed, b.jobs_failed, b.jobs_cancelled, b.archive_uri, b.archive_size,
       b.archive_sha256, b.archive_entries, b.archive_run_no, b.dropbox_directory_id,
       b.monday_item_id, b.error_code, b.error_message, b.created_at, b.updated_at,
       b.completed_at, b.deleted_at is not null, b.traceparent
  from outbox o
  join batches b on b.id = any (array[o.batch_id])
 where o.kind = 'batch' and o.partition = any ($1) and o.id > $2::int8 and o.parked_at is null
 order by o.id
 limit 5000
