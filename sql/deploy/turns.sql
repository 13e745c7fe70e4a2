-- What a turn of the projector needs beside its rows: the fence, and the names of new batches.
-- Both reach their tables by the key whatever plan a first call on empty tables would have found:
-- that is what the settings of the functions are for.
begin;
set local search_path to batchline_base;

-- The raising fence, first statement of a turn: offsets move from where this owner left them, or
-- nothing of the turn happens. A fence that only answered 0 rows would not stop what is already in
-- the pipeline behind it. Rows in one order, so that two owners never wait for each other crosswise.
create function fence(grp text, topics text[], partitions int[], epochs bigint[],
	froms bigint[], tos bigint[], timestamps bigint[])
returns void language plpgsql
set search_path from current
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
	p record;
begin
	for p in
		select * from unnest(topics, partitions, epochs, froms, tos, timestamps)
		           as f (topic, part, epoch, from_offset, to_offset, stamp)
		 order by topic, part
	loop
		if p.to_offset < p.from_offset then
			raise exception using errcode = 'FN002', message = 'an offset would go back',
				detail = format('%s/%s from %s to %s', p.topic, p.part, p.from_offset, p.to_offset);
		end if;
		if p.to_offset = p.from_offset then	-- the lock alone: an idle partition writes nothing
			perform from consumer_offsets o
			 where o.grp = fence.grp and o.topic = p.topic and o.partition = p.part
			   and o.epoch = p.epoch and o.next_offset = p.from_offset
			   for no key update;
		else
			update consumer_offsets o
			   set next_offset = p.to_offset,
			       record_timestamp = coalesce(p.stamp, o.record_timestamp)
			 where o.grp = fence.grp and o.topic = p.topic and o.partition = p.part
			   and o.epoch = p.epoch and o.next_offset = p.from_offset;
		end if;
		if not found then
			raise exception using errcode = 'FN001', message = 'fenced',
				detail = format('%s/%s is no longer at epoch %s, offset %s',
					p.topic, p.part, p.epoch, p.from_offset);
		end if;
	end loop;
end
$$;
comment on function fence is 'Moves offsets, or raises FN001: this owner has lost a partition, which the detail names.';

-- Gives each batch its counter within customer and day: the one it has, or the next. The rows of
-- name_counters are locked in sorted order until the end of the transaction: two projectors with
-- the same customer wait for each other, never crosswise, and a rollback leaves no gap.
create function allocate_names(batch_ids uuid[], prefixes text[], dates date[])
returns table (batch_id uuid, batch_counter int, customer_prefix text, batch_date date)
language plpgsql
set search_path from current
set enable_seqscan = off
set enable_nestloop = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
	with asked as (
		select distinct on (id) id, prefix, day, at
		  from unnest(batch_ids, prefixes, dates) with ordinality as a (id, prefix, day, at)
		 order by id, at),
	unnamed as (
		select a.*, row_number() over (partition by prefix, day order by at) as nth
		  from asked a
		  left join (select batch_id from batch_names where batch_id = any (batch_ids)) n
		    on n.batch_id = a.id
		 where n.batch_id is null),
	groups as (
		select prefix, day, count(*)::int as size from unnamed
		 group by prefix, day order by prefix, day),
	counted as (
		insert into name_counters as c (customer_prefix, batch_date, last_counter)
		select prefix, day, size from groups order by prefix, day
		on conflict (customer_prefix, batch_date)
		do update set last_counter = c.last_counter + excluded.last_counter
		returning customer_prefix, batch_date, last_counter)
	insert into batch_names (batch_id, customer_prefix, batch_date, batch_counter)
	select u.id, u.prefix, u.day, c.last_counter - g.size + u.nth
	  from unnamed u
	  join groups g on g.prefix = u.prefix and g.day = u.day
	  join counted c on c.customer_prefix = u.prefix and c.batch_date = u.day;

	return query select n.batch_id, n.batch_counter, n.customer_prefix, n.batch_date
	               from batch_names n where n.batch_id = any (batch_ids);
end
$$;
comment on function allocate_names is 'The counter of each batch: the one it was given, or the next of its customer and day.';

revoke execute on function fence, allocate_names from public;
grant execute on function fence, allocate_names to batchline_projector;
commit;
