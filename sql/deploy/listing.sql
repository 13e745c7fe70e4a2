-- What the gateway reads: batches as the API shows them, and the filter of its lists.
begin;
set local search_path to :"schema", batchline_base;

-- The columns in the order in which the gateway reads them; deleted batches are not shown.
create view batch_items as
select id, base_directory_name, customer_prefix, batch_date, batch_counter, render_description,
       submitted_by, pipeline_id, priority, failures_tolerated, status, control, run_no, revision,
       total_files, total_pipelines, total_size, jobs_queued, jobs_dispatched, jobs_processing,
       jobs_retry_wait, jobs_completed, jobs_failed, jobs_cancelled, archive_uri, archive_size,
       archive_sha256, archive_entries, archive_run_no, error_code, error_message,
       dropbox_directory_id, monday_item_id, created_at, updated_at, completed_at, partition, updated_minute
  from batches where deleted_at is null;

-- One filter for every sort. It is inlined into the query around it, so that the planner sees
-- through it; a null argument is no condition at all there.
create function batches_found(customers text[], statuses text[], customer text, day_from date,
	day_to date, pattern text)
returns setof batch_items language sql stable as $$
	select b.* from batch_items b
	 where ($1 is null or b.customer_prefix = any ($1))
	   and ($2 is null or b.status = any ($2))
	   and ($3 is null or b.customer_prefix = $3)
	   and ($4 is null or b.batch_date >= $4)
	   and ($5 is null or b.batch_date <= $5)
	   and ($6 is null or b.id in (
		select n.id from batches n
		 where n.base_directory_name ilike $6 or n.render_description ilike $6
		union
		select j.batch_id from jobs j where j.file_name ilike $6))
$$;

grant select on batch_items to batchline_gateway;

-- The arguments decide the plan: one made for all of them would serve none.
alter role batchline_gateway set plan_cache_mode to force_custom_plan;
commit;
