-- $1::uuid batch
-- What the batch is now; the topic may be behind.
select base_directory_name, customer_prefix, batch_date, render_description, submitted_by, status,
       run_no, pipeline_id, total_files, created_at, completed_at, partition, archive_run_no,
       deleted_at is not null
  from batches where id = $1
