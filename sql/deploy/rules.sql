-- The rules that hold whoever writes: status, counters, revision. The functions keep the
-- search_path of this deployment; a schema that is renamed needs
-- alter function ... set search_path for the four trigger functions.
begin;
set local search_path to :"schema", batchline_base;

-- Status of a batch, a pure function of its row.
create function batch_status(
	total_files int, completed int, failed int, cancelled int, has_started boolean,
	control text, failures_tolerated int, error_code text, deleted_at timestamptz)
returns text language sql immutable parallel safe as $$
	select case
		when error_code is not null then 'failed'
		when deleted_at is not null then 'cancelled'
		when total_files - completed - failed - cancelled > 0 then
			case when control = 'pause' then 'paused'
			     when has_started then 'processing'
			     else 'queued' end
		when cancelled > 0 then 'cancelled'
		when completed = 0 then 'failed'
		when failed = 0 then 'completed'
		when failed > failures_tolerated then 'failed'
		else 'partial' end
$$;
comment on function batch_status is 'The status that follows from the numbers of a batch.';

-- What follows from a batch's own columns. last_fact_at comes with the facts, so completed_at is
-- the same in a rebuild. What only the projector uses is no visible change. A revision that was
-- raised by hand stays.
create function batches_derive() returns trigger language plpgsql
set search_path from current as $$
declare
	seen batches;
begin
	new.has_started := new.has_started or new.run_no > 1 or new.jobs_processing
		+ new.jobs_retry_wait + new.jobs_completed + new.jobs_failed > 0;
	new.status := batch_status(new.total_files, new.jobs_completed, new.jobs_failed,
		new.jobs_cancelled, new.has_started, new.control, new.failures_tolerated,
		new.error_code, new.deleted_at);
	new.completed_at := case when new.status in ('completed', 'partial', 'failed', 'cancelled')
		then greatest(new.created_at, new.last_fact_at, new.deleted_at) end;
	if tg_op = 'UPDATE' then
		new.updated_at := old.updated_at;
		seen := old;
		seen.has_started := new.has_started;
		seen.last_fact_at := new.last_fact_at;
		seen.announced_revision := new.announced_revision;
		seen.announced_status := new.announced_status;
		seen.announced_at := new.announced_at;
		seen.traceparent := new.traceparent;
		seen.queued_from := new.queued_from;
		seen.outstanding := new.outstanding;
		seen.unannounced := new.unannounced;
		seen.updated_minute := new.updated_minute;
		if new.revision < old.revision then
			raise check_violation using message = 'the revision of a batch never falls',
				detail = format('%s from %s to %s', new.id, old.revision, new.revision);
		end if;
		if new is distinct from seen then
			new.revision := greatest(new.revision, old.revision + 1);
			new.updated_at := greatest(now(), old.updated_at);
		end if;
	end if;
	new.outstanding := new.jobs_dispatched + new.jobs_processing > 0;
	new.unannounced := new.announced_revision < new.revision;
	new.updated_minute := date_trunc('minute', new.updated_at, 'UTC');
	return new;
end
$$;
comment on function batches_derive is 'Derives status, completed_at, revision and updated_at of a batch.';
create trigger batches_derive before insert or update on batches
	for each row execute function batches_derive();

-- Counters move by the difference, once a statement. Old rows are never joined with new ones: both
-- are added up with their sign. plpgsql keeps the plan of its first call, made when the tables may
-- have been empty; so the plan is given no choice: = any (array[..]) can be neither hashed nor
-- merged, and without sequential scans only the key of batches is left, batch after batch in the
-- order of their ids, which is also the order of the row locks.
create function jobs_count_insert() returns trigger language plpgsql
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
		       count(*) filter (where status = 'queued')     as queued,
		       count(*) filter (where status = 'dispatched') as dispatched,
		       count(*) filter (where status = 'processing') as processing,
		       count(*) filter (where status = 'retry_wait') as retry_wait,
		       count(*) filter (where status = 'completed')  as completed,
		       count(*) filter (where status = 'failed')     as failed,
		       count(*) filter (where status = 'cancelled')  as cancelled,
		       min(position) filter (where status = 'queued') as queued_from,
		       max(coalesce(completed_at, started_at))       as at
		  from new_rows group by batch_id order by batch_id) d
	 where b.id = any (array[d.batch_id]);
	return null;
end
$$;

create function jobs_count_update() returns trigger language plpgsql
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

create function jobs_count_delete() returns trigger language plpgsql
set search_path from current set enable_seqscan = off as $$
begin
	update batches b
	   set jobs_queued = b.jobs_queued - d.queued,
	       jobs_dispatched = b.jobs_dispatched - d.dispatched,
	       jobs_processing = b.jobs_processing - d.processing,
	       jobs_retry_wait = b.jobs_retry_wait - d.retry_wait,
	       jobs_completed = b.jobs_completed - d.completed,
	       jobs_failed = b.jobs_failed - d.failed,
	       jobs_cancelled = b.jobs_cancelled - d.cancelled
	  from (select batch_id,
		       count(*) filter (where status = 'queued')     as queued,
		       count(*) filter (where status = 'dispatched') as dispatched,
		       count(*) filter (where status = 'processing') as processing,
		       count(*) filter (where status = 'retry_wait') as retry_wait,
		       count(*) filter (where status = 'completed')  as completed,
		       count(*) filter (where status = 'failed')     as failed,
		       count(*) filter (where status = 'cancelled')  as cancelled
		  from old_rows group by batch_id order by batch_id) d
	 where b.id = any (array[d.batch_id]);
	return null;
end
$$;
comment on function jobs_count_insert is 'Moves the counters of batches by what was inserted.';
comment on function jobs_count_update is 'Moves the counters of batches by the difference.';
comment on function jobs_count_delete is 'Moves the counters of batches by what was deleted.';

create trigger jobs_count_insert after insert on jobs
	referencing new table as new_rows for each statement execute function jobs_count_insert();
create trigger jobs_count_update after update on jobs
	referencing old table as old_rows new table as new_rows
	for each statement execute function jobs_count_update();
create trigger jobs_count_delete after delete on jobs
	referencing old table as old_rows for each statement execute function jobs_count_delete();

-- The projection's one check of itself.
create function verify_batches()
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
commit;
