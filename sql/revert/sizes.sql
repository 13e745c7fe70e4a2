begin;
set local search_path to :"schema", batchline_base;
create or replace function jobs_count_update() returns trigger language plpgsql
set search_path from current set enable_seqscan = off as $$
begin
	update batches b
	   set jobs_queued = b.jobs_queued + d.queued,
	       jobs_dispatched = b.jobs_dispatched + d.dispatched,
	       jobs_processing = b.jobs_processing + d.processing,
	       jobs_retry_wait = b.jobs_retry_wait + d.retry_wait,
	       jobs_completed = b.jobs_completed + d.completed,
	       jobs_failed = b.jobs_failed + d.failed,
	       jobs_cancelled = b.jobs_cancelled + d.cancelled,
	       queued_from = least(b.queued_from, d.queued_from),
	       last_fact_at = greatest(b.last_fact_at, d.at)
	  from (select batch_id,
		       coalesce(sum(n) filter (where status = 'queued'), 0)     as queued,
		       coalesce(sum(n) filter (where status = 'dispatched'), 0) as dispatched,
		       coalesce(sum(n) filter (where status = 'processing'), 0) as processing,
		       coalesce(sum(n) filter (where status = 'retry_wait'), 0) as retry_wait,
		       coalesce(sum(n) filter (where status = 'completed'), 0)  as completed,
		       coalesce(sum(n) filter (where status = 'failed'), 0)     as failed,
		       coalesce(sum(n) filter (where status = 'cancelled'), 0)  as cancelled,
		       min(position) filter (where status = 'queued' and n > 0) as queued_from,
		       max(at)                                                  as at
		  from (select batch_id, status, 1 as n, position, coalesce(completed_at, started_at) as at
			  from new_rows
			union all
			select batch_id, status, -1, null, null from old_rows) signed
		 group by batch_id order by batch_id) d
	 where b.id = any (array[d.batch_id])
	   and ((d.queued, d.dispatched, d.processing, d.retry_wait, d.completed, d.failed, d.cancelled)
	        is distinct from (0, 0, 0, 0, 0, 0, 0) or d.queued_from < b.queued_from);
	return null;
end
$$;

comment on column batches.total_size is 'bytes of the inputs, as far as known';
comment on column jobs.size is null;
alter table jobs drop column sha256;
commit;
