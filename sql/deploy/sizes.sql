-- What a sender says of an input's bytes is kept, and what they were is shown: of the job, and in
-- the sum of its batch, which moves by the difference as the counters do.
begin;
set local search_path to :"schema", batchline_base;

alter table jobs add column sha256 text,
	add constraint jobs_sha256 check (sha256 ~ '^[0-9a-f]{64}$');
comment on column jobs.size is 'bytes of the input: as stated, and once rendered as they were';
comment on column jobs.sha256 is 'of the input, as stated: 64 lower-case hex digits';
comment on column batches.total_size is 'bytes of the inputs, as far as known: as stated, and once rendered as they were';

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
	       total_size = b.total_size + d.size,
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
		       sum(n * size)                                            as size,
		       min(position) filter (where status = 'queued' and n > 0) as queued_from,
		       max(at)                                                  as at
		  from (select batch_id, status, 1 as n, coalesce(size, 0) as size, position,
			       coalesce(completed_at, started_at) as at
			  from new_rows
			union all
			select batch_id, status, -1, coalesce(size, 0), null, null from old_rows) signed
		 group by batch_id order by batch_id) d
	 where b.id = any (array[d.batch_id])
	   and ((d.queued, d.dispatched, d.processing, d.retry_wait, d.completed, d.failed, d.cancelled,
	        d.size) is distinct from (0, 0, 0, 0, 0, 0, 0, 0) or d.queued_from < b.queued_from);
	return null;
end
$$;
commit;
