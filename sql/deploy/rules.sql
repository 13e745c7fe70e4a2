-- The rules that hold whoever writes: status, counters, revision, names, the fence.
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

-- What follows from a batch's own columns. last_fact_at comes with the facts, so completed_at is
-- the same in a rebuild. A revision that was raised by hand stays.
create function batches_derive() returns trigger language plpgsql as $$
begin
	new.has_started := new.has_started or new.run_no > 1 or new.jobs_processing
		+ new.jobs_retry_wait + new.jobs_completed + new.jobs_failed > 0;
	new.status := batch_status(new.total_files, new.jobs_completed, new.jobs_failed,
		new.jobs_cancelled, new.has_started, new.control, new.failures_tolerated,
		new.error_code, new.deleted_at);
	new.completed_at := case when new.status in ('completed', 'partial', 'failed', 'cancelled')
		then greatest(new.created_at, new.last_fact_at, new.deleted_at) end;
	if tg_op = 'INSERT' then
		return new;
	end if;
	if new.revision > old.revision then
		new.updated_at := greatest(now(), old.updated_at);
	elsif (new.announced_revision, new.announced_status, new.announced_at)
	      is not distinct from (old.announced_revision, old.announced_status, old.announced_at)
	      and new is distinct from old then
		new.revision := old.revision + 1;
		new.updated_at := greatest(now(), old.updated_at);
	end if;
	return new;
end
$$;
create trigger batches_derive before insert or update on batches
	for each row execute function batches_derive();

-- Counters move by the difference, once a statement. Old rows are never joined with new ones: both
-- are added up with their sign, and `batches` is reached by its key. The settings keep that plan
-- also when it was first made on empty tables.
create function jobs_count_insert() returns trigger language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
	with delta as (
		select batch_id,
		       count(*) filter (where status = 'queued')     as queued,
		       count(*) filter (where status = 'dispatched') as dispatched,
		       count(*) filter (where status = 'processing') as processing,
		       count(*) filter (where status = 'retry_wait') as retry_wait,
		       count(*) filter (where status = 'completed')  as completed,
		       count(*) filter (where status = 'failed')     as failed,
		       count(*) filter (where status = 'cancelled')  as cancelled,
		       max(coalesce(completed_at, started_at))       as at
		  from new_rows group by batch_id)
	update batches b
	   set jobs_queued = jobs_queued + d.queued,
	       jobs_dispatched = jobs_dispatched + d.dispatched,
	       jobs_processing = jobs_processing + d.processing,
	       jobs_retry_wait = jobs_retry_wait + d.retry_wait,
	       jobs_completed = jobs_completed + d.completed,
	       jobs_failed = jobs_failed + d.failed,
	       jobs_cancelled = jobs_cancelled + d.cancelled,
	       last_fact_at = greatest(last_fact_at, d.at)
	  from delta d where b.id = d.batch_id;
	return null;
end
$$;

create function jobs_count_update() returns trigger language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
	with signed as (
		select batch_id, status, 1 as n, coalesce(completed_at, started_at) as at from new_rows
		union all
		select batch_id, status, -1, null from old_rows),
	delta as (
		select batch_id,
		       coalesce(sum(n) filter (where status = 'queued'), 0)     as queued,
		       coalesce(sum(n) filter (where status = 'dispatched'), 0) as dispatched,
		       coalesce(sum(n) filter (where status = 'processing'), 0) as processing,
		       coalesce(sum(n) filter (where status = 'retry_wait'), 0) as retry_wait,
		       coalesce(sum(n) filter (where status = 'completed'), 0)  as completed,
		       coalesce(sum(n) filter (where status = 'failed'), 0)     as failed,
		       coalesce(sum(n) filter (where status = 'cancelled'), 0)  as cancelled,
		       max(at) as at
		  from signed group by batch_id)
	update batches b
	   set jobs_queued = jobs_queued + d.queued,
	       jobs_dispatched = jobs_dispatched + d.dispatched,
	       jobs_processing = jobs_processing + d.processing,
	       jobs_retry_wait = jobs_retry_wait + d.retry_wait,
	       jobs_completed = jobs_completed + d.completed,
	       jobs_failed = jobs_failed + d.failed,
	       jobs_cancelled = jobs_cancelled + d.cancelled,
	       last_fact_at = greatest(last_fact_at, d.at)
	  from delta d
	 where b.id = d.batch_id
	   and (d.queued, d.dispatched, d.processing, d.retry_wait, d.completed, d.failed, d.cancelled)
	       is distinct from (0, 0, 0, 0, 0, 0, 0);
	return null;
end
$$;

create function jobs_count_delete() returns trigger language plpgsql
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
	with delta as (
		select batch_id,
		       count(*) filter (where status = 'queued')     as queued,
		       count(*) filter (where status = 'dispatched') as dispatched,
		       count(*) filter (where status = 'processing') as processing,
		       count(*) filter (where status = 'retry_wait') as retry_wait,
		       count(*) filter (where status = 'completed')  as completed,
		       count(*) filter (where status = 'failed')     as failed,
		       count(*) filter (where status = 'cancelled')  as cancelled
		  from old_rows group by batch_id)
	update batches b
	   set jobs_queued = jobs_queued - d.queued,
	       jobs_dispatched = jobs_dispatched - d.dispatched,
	       jobs_processing = jobs_processing - d.processing,
	       jobs_retry_wait = jobs_retry_wait - d.retry_wait,
	       jobs_completed = jobs_completed - d.completed,
	       jobs_failed = jobs_failed - d.failed,
	       jobs_cancelled = jobs_cancelled - d.cancelled
	  from delta d where b.id = d.batch_id;
	return null;
end
$$;

create trigger jobs_count_insert after insert on jobs
	referencing new table as new_rows for each statement execute function jobs_count_insert();
create trigger jobs_count_update after update on jobs
	referencing old table as old_rows new table as new_rows
	for each statement execute function jobs_count_update();
create trigger jobs_count_delete after delete on jobs
	referencing old table as old_rows for each statement execute function jobs_count_delete();

-- Every batch whose counters differ from its rows: always empty.
create function verify_batches()
returns table (batch_id uuid, counted int[], kept int[]) language sql stable as $$
	select b.id, c.counted, k.kept
	  from batches b
	 cross join lateral (select array[
		count(*) filter (where status = 'queued'), count(*) filter (where status = 'dispatched'),
		count(*) filter (where status = 'processing'), count(*) filter (where status = 'retry_wait'),
		count(*) filter (where status = 'completed'), count(*) filter (where status = 'failed'),
		count(*) filter (where status = 'cancelled'), count(*)]::int[] as counted
		from jobs j where j.batch_id = b.id) c
	 cross join lateral (select array[b.jobs_queued, b.jobs_dispatched, b.jobs_processing,
		b.jobs_retry_wait, b.jobs_completed, b.jobs_failed, b.jobs_cancelled,
		case when b.deleted_at is null then b.total_files else 0 end] as kept) k
	 where c.counted is distinct from k.kept
$$;

-- Gives each batch its counter within customer and day: the one it has, or the next. Customers are
-- locked in sorted order, so that two projectors wait for each other and never deadlock.
create function allocate_names(batch_ids uuid[], prefixes text[], dates date[])
returns table (batch_id uuid, batch_counter int) language plpgsql as $$
declare
	g record;
	last int;
begin
	for g in
		select w.prefix, w.day, array_agg(w.id order by w.at) as ids
		  from unnest(batch_ids, prefixes, dates) with ordinality as w (id, prefix, day, at)
		 where not exists (select 1 from batch_names n where n.batch_id = w.id)
		 group by w.prefix, w.day order by w.prefix, w.day
	loop
		insert into name_counters as c (customer_prefix, batch_date, last_counter)
		values (g.prefix, g.day, cardinality(g.ids))
		on conflict (customer_prefix, batch_date)
		do update set last_counter = c.last_counter + excluded.last_counter
		returning c.last_counter into last;
		insert into batch_names (batch_id, customer_prefix, batch_date, batch_counter)
		select i.id, g.prefix, g.day, last - cardinality(g.ids) + i.at
		  from unnest(g.ids) with ordinality as i (id, at);
	end loop;
	return query select n.batch_id, n.batch_counter from batch_names n
	              where n.batch_id = any (batch_ids);
end
$$;

-- The raising fence, first statement of a turn: offsets move from where this owner left them, or
-- nothing of the turn happens. A fence that only answered 0 rows would not stop what is already in
-- the pipeline behind it.
create function fence(the_grp text, topics text[], partitions int[], epochs bigint[],
	froms bigint[], tos bigint[], timestamps bigint[])
returns void language plpgsql as $$
declare
	p record;
begin
	for p in
		select * from unnest(topics, partitions, epochs, froms, tos, timestamps)
		           as f (topic, part, epoch, from_offset, to_offset, stamp)
		 order by topic, part
	loop
		update consumer_offsets o
		   set next_offset = p.to_offset, record_timestamp = coalesce(p.stamp, o.record_timestamp)
		 where o.grp = the_grp and o.topic = p.topic and o.partition = p.part
		   and o.epoch = p.epoch and o.next_offset = p.from_offset;
		if not found then
			raise exception using errcode = 'FN001', message = 'fenced',
				detail = format('%s/%s is no longer at epoch %s, offset %s',
					p.topic, p.part, p.epoch, p.from_offset);
		end if;
	end loop;
end
$$;
commit;
