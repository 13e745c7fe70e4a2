-- A webhook may be told that a batch was deleted: for those that deliver it is one more state, the last.
begin;
set local search_path to :"schema", batchline_base;

create view deliverable_batches as
select id, base_directory_name, customer_prefix, batch_date, batch_counter, render_description,
       submitted_by, pipeline_id, priority, failures_tolerated,
       case when deleted_at is null then status else 'deleted' end as status, control, run_no, revision,
       total_files, total_pipelines, total_size, jobs_queued, jobs_dispatched, jobs_processing,
       jobs_retry_wait, jobs_completed, jobs_failed, jobs_cancelled,
       case when deleted_at is null then archive_uri end as archive_uri, archive_size,
       archive_sha256, archive_entries, archive_run_no, error_code, error_message,
       dropbox_directory_id, monday_item_id, created_at, updated_at, completed_at, partition, updated_minute
  from batches;
comment on view deliverable_batches is 'batch_items, and the deleted ones with the state deleted.';
grant select on deliverable_batches to batchline_delivery, batchline_reader;

create or replace function batchline_base.state_place(state text) returns int language sql immutable as $$
	select case state when 'queued' then 0 when 'processing' then 1 when 'deleted' then 3 else 2 end
$$;
alter table targets drop constraint targets_states,
	add constraint targets_states check (states <> '{}' and states <@ array['queued', 'processing',
		'completed', 'partial', 'failed', 'cancelled', 'deleted']),
	add constraint targets_deleted check (service = 'webhook' or 'deleted' <> all (states));
commit;
