-- How much was done in each hour is kept, by customer, so that throughput is read and not counted.
-- Like batch_counts it is of what is there: what is tried again or deleted counts no more.
begin;
set local search_path to :"schema", batchline_base;

create table hour_counts (
	hour             timestamptz not null,
	customer_prefix  text not null,
	partition        int not null,
	completed        bigint not null,
	failed           bigint not null,
	batches          bigint not null,
	primary key (hour, customer_prefix, partition)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
comment on table hour_counts is 'What ended in each hour of UTC, by customer and home. Moved by triggers, by the difference.';
comment on column hour_counts.customer_prefix is 'empty: of all customers';
comment on column hour_counts.completed is 'jobs; failed ones beside it';
comment on column hour_counts.batches is 'that were finished, whatever became of them';

create function hours_move(moved hour_counts[]) returns void language sql
set search_path from current as $$
	insert into hour_counts as c
	select hour, coalesce(customer_prefix, ''), partition, sum(completed), sum(failed), sum(batches)
	  from (select hour, customer_prefix, partition, sum(completed) as completed, sum(failed) as failed,
		       sum(batches) as batches
		  from unnest(moved) group by 1, 2, 3
		having (sum(completed), sum(failed), sum(batches)) is distinct from (0, 0, 0)) d
	 group by hour, partition, cube (customer_prefix)
	 order by 1, 2, 3
	on conflict (hour, customer_prefix, partition) do update
	   set completed = c.completed + excluded.completed, failed = c.failed + excluded.failed,
	       batches = c.batches + excluded.batches
$$;
comment on function hours_move is 'Adds differences to hour_counts.';

-- Most turns end no job: then nothing is grouped, and nothing written.
create function jobs_count_hours() returns trigger language plpgsql
set search_path from current set enable_seqscan = off as $$
declare
	moved hour_counts[] := '{}';
begin
	if tg_op <> 'DELETE' then
		moved := array(select row(hour, b.customer_prefix, b.partition, completed, failed, 0)::hour_counts
			from (select batch_id, date_trunc('hour', completed_at, 'UTC') as hour,
				     count(*) filter (where status = 'completed') as completed,
				     count(*) filter (where status = 'failed') as failed
				from new_rows where status in ('completed', 'failed') and completed_at is not null
			       group by 1, 2) d
			join batches b on b.id = any (array[d.batch_id]));
	end if;
	if tg_op <> 'INSERT' then
		moved := moved || array(select row(hour, b.customer_prefix, b.partition, -completed, -failed, 0)::hour_counts
			from (select batch_id, date_trunc('hour', completed_at, 'UTC') as hour,
				     count(*) filter (where status = 'completed') as completed,
				     count(*) filter (where status = 'failed') as failed
				from old_rows where status in ('completed', 'failed') and completed_at is not null
			       group by 1, 2) d
			join batches b on b.id = any (array[d.batch_id]));
	end if;
	if cardinality(moved) > 0 then
		perform hours_move(moved);
	end if;
	return null;
end
$$;
comment on function jobs_count_hours is 'Moves hour_counts by the jobs that ended.';

create function batches_count_hours() returns trigger language plpgsql
set search_path from current as $$
declare
	moved hour_counts[] := '{}';
begin
	if tg_op <> 'DELETE' then
		moved := array(select row(date_trunc('hour', completed_at, 'UTC'), customer_prefix, partition, 0, 0, 1)::hour_counts
			from new_rows where completed_at is not null and deleted_at is null);
	end if;
	if tg_op <> 'INSERT' then
		moved := moved || array(select row(date_trunc('hour', completed_at, 'UTC'), customer_prefix, partition, 0, 0, -1)::hour_counts
			from old_rows where completed_at is not null and deleted_at is null);
	end if;
	if cardinality(moved) > 0 then
		perform hours_move(moved);
	end if;
	return null;
end
$$;
comment on function batches_count_hours is 'Moves hour_counts by the batches that were finished.';

create function hours_uncount() returns trigger language plpgsql
set search_path from current as $$
begin
	delete from hour_counts;
	return null;
end
$$;
comment on function hours_uncount is 'Without jobs nothing has ended.';

create trigger jobs_count_hours_insert after insert on jobs
	referencing new table as new_rows for each statement execute function jobs_count_hours();
create trigger jobs_count_hours_update after update on jobs
	referencing old table as old_rows new table as new_rows
	for each statement execute function jobs_count_hours();
create trigger jobs_count_hours_delete after delete on jobs
	referencing old table as old_rows for each statement execute function jobs_count_hours();
create trigger batches_count_hours_insert after insert on batches
	referencing new table as new_rows for each statement execute function batches_count_hours();
create trigger batches_count_hours_update after update on batches
	referencing old table as old_rows new table as new_rows
	for each statement execute function batches_count_hours();
create trigger batches_count_hours_delete after delete on batches
	referencing old table as old_rows for each statement execute function batches_count_hours();
create trigger batches_uncount_hours after truncate on batches
	for each statement execute function hours_uncount();

create view hour_recounts as
select hour, coalesce(customer_prefix, '') as customer_prefix, partition, sum(completed) as completed,
       sum(failed) as failed, sum(batches) as batches
  from (select date_trunc('hour', j.completed_at, 'UTC') as hour, b.customer_prefix, b.partition,
	       (j.status = 'completed')::int as completed, (j.status = 'failed')::int as failed, 0 as batches
	  from jobs j join batches b on b.id = j.batch_id
	 where j.status in ('completed', 'failed') and j.completed_at is not null
	union all
	select date_trunc('hour', completed_at, 'UTC'), customer_prefix, partition, 0, 0, 1
	  from batches where completed_at is not null and deleted_at is null) ended
 group by hour, partition, cube (customer_prefix);
comment on view hour_recounts is 'hour_counts, counted anew: slow.';
insert into hour_counts select * from hour_recounts;

alter function verify_batches() rename to verify_counts;
comment on function verify_counts is 'Recounts the batches'' counters and batch_counts.';
create function verify_batches()
returns table (batch_id uuid, counted int[], kept int[]) language sql stable
set search_path from current as $$
	select * from verify_counts()
	union all
	select null, array[r.completed, r.failed, r.batches]::int[], array[c.completed, c.failed, c.batches]::int[]
	  from hour_recounts r full join hour_counts c using (hour, customer_prefix, partition)
	 where (coalesce(r.completed, 0), coalesce(r.failed, 0), coalesce(r.batches, 0))
	       is distinct from (coalesce(c.completed, 0), coalesce(c.failed, 0), coalesce(c.batches, 0))
$$;
comment on function verify_batches is
	'Recounts: every batch whose counters differ from its rows, and, without an id, every row of batch_counts and hour_counts that differs. Always empty.';

revoke execute on function verify_batches, hours_move from public;
grant execute on function verify_batches to batchline_projector, batchline_reader;
grant execute on function hours_move to batchline_projector;
grant select, insert, update on hour_counts to batchline_projector;
grant select on hour_counts to batchline_gateway, batchline_reader;
grant select on hour_recounts to batchline_projector, batchline_reader;
commit;
