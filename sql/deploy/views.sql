-- For dashboards and people with psql: deleted batches are not shown.
begin;
set local search_path to :"schema", batchline_base;

create view batch_overview as
select b.id, b.base_directory_name, b.customer_prefix, b.batch_date, b.render_description,
       p.name as pipeline, b.status, b.total_files, b.jobs_completed, b.jobs_failed,
       case when b.total_files > 0
            then round(100.0 * (b.jobs_completed + b.jobs_failed + b.jobs_cancelled) / b.total_files, 1)
            end as percent_done,
       b.error_code, b.error_message, b.archive_uri, b.archive_size,
       b.created_at, b.updated_at, b.completed_at
  from batches b left join pipelines p on p.id = b.pipeline_id
 where b.deleted_at is null;

create view job_overview as
select j.id, b.base_directory_name, j.position, j.file_name, j.status, j.attempt,
       j.error_code, j.error_message, j.duration_ms, j.started_at, j.completed_at,
       (select count(*) from outputs o where o.job_id = j.id) as outputs
  from jobs j join batches b on b.id = j.batch_id
 where b.deleted_at is null;

create view customer_totals as
select customer_prefix, count(*) as batches, sum(total_files) as files, sum(total_size) as bytes,
       sum(jobs_completed) as completed, sum(jobs_failed) as failed, max(created_at) as last_at
  from batches where deleted_at is null
 group by customer_prefix;
commit;
