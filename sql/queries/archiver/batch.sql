-- $1::uuid batch
-- What the batch is now; the topic may be behind. The last but one: when it became final, at the latest
-- when its row says so, since the clock of who said it may be ahead.
select base_directory_name, customer_prefix, batch_date, render_description, submitted_by, status,
       run_no, pipeline_id, total_files, created_at, completed_at, partition, archive_run_no,
       deleted_at is not null, least(completed_at, updated_at),
       exists (select from pipelines p where p.id = pipeline_id
                  and p.definition ->> 'contact_sheet' = 'true')
  from batches where id = $1
