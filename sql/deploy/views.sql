-- For dashboards and people with psql: deleted batches are not shown.
begin;
set local search_path to :"schema", batchline_base;

create view batch_overview as
select b.id, b.base_directory_name, b.customer_prefix, b.batch_date, b.render_description,
       p.name as pipeline, b.submitted_by, b.status, b.control, b.run_no, b.priority,
       b.total_files, b.total_size, b.jobs_queued, b.jobs_dispatched, b.jobs_processing,
       b.jobs_retry_wait, b.jobs_completed, b.jobs_failed, b.jobs_cancelled,
       case when b.total_files > 0
            then round(100.0 * (b.jobs_completed + b.jobs_failed + b.jobs_cancelled) / b.total_files, 1)
            end as percent_done,
       b.completed_at - b.created_at as took,
       b.error_code, b.error_message, b.archive_uri, b.archive_size,
       b.created_at, b.updated_at, b.completed_at
  from batches b left join pipelines p on p.id = b.pipeline_id
 where b.deleted_at is null;
comment on view batch_overview is 'One row a batch, with its pipeline''s name and its progress.';

create view job_overview as
select j.id, j.batch_id, b.base_directory_name, b.customer_prefix, j.position, j.file_name, j.size,
       j.status, j.attempt, j.next_attempt_at, j.error_code, j.error_message, j.duration_ms,
       j.created_at, j.started_at, j.completed_at,
       (select count(*) from outputs o where o.job_id = j.id) as outputs
  from jobs j join batches b on b.id = j.batch_id
 where b.deleted_at is null;
comment on view job_overview is 'One row a job, with its batch''s name.';

create view delivery_overview as
select b.base_directory_name, b.customer_prefix, d.batch_id, d.run_no, d.service, d.target,
       d.status, d.external_id, d.attempts, d.error_code, d.error_message, d.updated_at
  from deliveries d join batches b on b.id = d.batch_id
 where b.deleted_at is null;
comment on view delivery_overview is 'What each integration did with each batch.';

create view customer_totals as
select customer_prefix, count(*) as batches, sum(total_files) as files, sum(total_size) as bytes,
       sum(jobs_completed) as completed, sum(jobs_failed) as failed, max(created_at) as last_at
  from batches where deleted_at is null
 group by customer_prefix;
comment on view customer_totals is 'What each customer had made.';

create view day_totals as
select batch_date, customer_prefix, count(*) as batches, sum(total_files) as files,
       sum(total_size) as bytes, sum(jobs_completed) as completed, sum(jobs_failed) as failed,
       sum(jobs_cancelled) as cancelled
  from batches where deleted_at is null
 group by batch_date, customer_prefix;
comment on view day_totals is 'The same by day.';

create view status_totals as
select status, count(*) as batches, sum(total_files) as files, sum(total_size) as bytes,
       min(created_at) as oldest_at
  from batches where deleted_at is null
 group by status;
comment on view status_totals is 'How many batches are in each status, and since when the oldest of them waits.';

create view backlog as
select partition, count(*) as batches, sum(jobs_queued) as queued, sum(jobs_dispatched) as dispatched,
       sum(jobs_processing) as processing, sum(jobs_retry_wait) as retry_wait,
       min(created_at) as oldest_at
  from batches where status in ('queued', 'processing')
 group by partition;
comment on view backlog is 'What is still to be done, by home partition; paused batches are not waiting.';

create view failures as
select b.customer_prefix, b.pipeline_id, j.error_code, count(*) as jobs,
       max(j.completed_at) as last_at
  from jobs j join batches b on b.id = j.batch_id
 where j.status = 'failed' and b.deleted_at is null
 group by b.customer_prefix, b.pipeline_id, j.error_code;
comment on view failures is 'Why jobs failed.';
commit;
