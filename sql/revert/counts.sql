begin;
set local search_path to :"schema", batchline_base;
drop trigger batches_count_insert on batches;
drop trigger batches_count_update on batches;
drop trigger batches_count_delete on batches;
drop trigger batches_count_truncate on batches;
drop function batches_count(), batches_uncount(), batches_counted(text[], text[], text, date, date, boolean);

create or replace function verify_batches()
returns table (batch_id uuid, counted int[], kept int[]) language sql stable
set search_path from current as $$
	select b.id, coalesce(c.counted, '{0,0,0,0,0,0,0,0}'), k.kept
	  from batches b
	 cross join lateral (select array[b.jobs_queued, b.jobs_dispatched, b.jobs_processing,
		b.jobs_retry_wait, b.jobs_completed, b.jobs_failed, b.jobs_cancelled,
		case when b.deleted_at is null then b.total_files else 0 end] as kept) k
	  left join (select j.batch_id, array[
		count(*) filter (where status = 'queued'), count(*) filter (where status = 'dispatched'),
		count(*) filter (where status = 'processing'), count(*) filter (where status = 'retry_wait'),
		count(*) filter (where status = 'completed'), count(*) filter (where status = 'failed'),
		count(*) filter (where status = 'cancelled'), count(*)]::int[] as counted
		from jobs j group by j.batch_id) c on c.batch_id = b.id
	 where coalesce(c.counted, '{0,0,0,0,0,0,0,0}') <> k.kept
$$;
comment on function verify_batches is 'Recounts: every batch whose counters differ from its rows. Always empty.';
drop view batch_recounts;
drop table batch_counts;
commit;
