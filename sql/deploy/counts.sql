-- Lists do not count by scanning: how many batches there are is kept, by customer, day and status.
--
-- '' stands for every customer and -infinity for every day, so that each filter of the lists reads
-- a few rows however many batches there are. The partition is part of the key because the projectors
-- would wait for each other without it: each writes the rows of its own partitions alone.
begin;
set local search_path to :"schema", batchline_base;

create table batch_counts (
	customer_prefix  text not null,
	batch_date       date not null,
	status           text not null,
	partition        int not null,
	batches          bigint not null,
	files            bigint not null,
	size             numeric not null,
	completed        bigint not null,
	failed           bigint not null,
	cancelled        bigint not null,
	primary key (customer_prefix, batch_date, status, partition)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
create index batch_counts_date on batch_counts (batch_date, customer_prefix);
comment on table batch_counts is
	'Batches by customer, day, status and home, deleted ones left out. Moved by triggers, by the difference.';
comment on column batch_counts.customer_prefix is 'empty: of all customers';
comment on column batch_counts.batch_date is '-infinity: of all days';
comment on column batch_counts.size is
	'with the three counters of jobs: of finished batches alone, what is open changes too often';

-- Old rows are never joined with new ones: both are added up with their sign, and where they differ
-- (status, seldom more) four rows move: of the customer and day, of each alone, and of all.
create function batches_count() returns trigger language plpgsql
set search_path from current as $$
declare
	moved batch_counts[] := '{}';
begin
	if tg_op <> 'DELETE' then
		moved := array(select row(customer_prefix, batch_date, status, partition, 1, total_files,
			case when completed_at is null then 0 else total_size end,
			case when completed_at is null then 0 else jobs_completed end,
			case when completed_at is null then 0 else jobs_failed end,
			case when completed_at is null then 0 else jobs_cancelled end)::batch_counts
			from new_rows where deleted_at is null);
	end if;
	if tg_op <> 'INSERT' then
		moved := moved || array(select row(customer_prefix, batch_date, status, partition, -1, -total_files,
			case when completed_at is null then 0 else -total_size end,
			case when completed_at is null then 0 else -jobs_completed end,
			case when completed_at is null then 0 else -jobs_failed end,
			case when completed_at is null then 0 else -jobs_cancelled end)::batch_counts
			from old_rows where deleted_at is null);
	end if;
	insert into batch_counts as c
	select coalesce(customer_prefix, ''), coalesce(batch_date, '-infinity'), status, partition,
	       sum(batches), sum(files), sum(size), sum(completed), sum(failed), sum(cancelled)
	  from (select customer_prefix, batch_date, status, partition, sum(batches) as batches,
		       sum(files) as files, sum(size) as size, sum(completed) as completed,
		       sum(failed) as failed, sum(cancelled) as cancelled
		  from unnest(moved) group by 1, 2, 3, 4
		having (sum(batches), sum(files), sum(size), sum(completed), sum(failed), sum(cancelled))
		       is distinct from (0, 0, 0, 0, 0, 0)) d
	 group by status, partition, cube (customer_prefix, batch_date)
	 order by 1, 2, 3, 4
	on conflict (customer_prefix, batch_date, status, partition) do update
	   set batches = c.batches + excluded.batches, files = c.files + excluded.files,
	       size = c.size + excluded.size, completed = c.completed + excluded.completed,
	       failed = c.failed + excluded.failed, cancelled = c.cancelled + excluded.cancelled;
	return null;
end
$$;
comment on function batches_count is 'Moves batch_counts by the difference.';

create function batches_uncount() returns trigger language plpgsql
set search_path from current as $$
begin
	delete from batch_counts;
	return null;
end
$$;
comment on function batches_uncount is 'Without batches there is nothing to count.';

create trigger batches_count_insert after insert on batches
	referencing new table as new_rows for each statement execute function batches_count();
create trigger batches_count_update after update on batches
	referencing old table as old_rows new table as new_rows
	for each statement execute function batches_count();
create trigger batches_count_delete after delete on batches
	referencing old table as old_rows for each statement execute function batches_count();
create trigger batches_count_truncate after truncate on batches
	for each statement execute function batches_uncount();

-- What the counters should say; the triggers above hold writers off until the end.
create view batch_recounts as
select coalesce(customer_prefix, '') as customer_prefix, coalesce(batch_date, '-infinity') as batch_date,
       status, partition, count(*) as batches, sum(total_files) as files,
       coalesce(sum(total_size) filter (where completed_at is not null), 0) as size,
       coalesce(sum(jobs_completed) filter (where completed_at is not null), 0) as completed,
       coalesce(sum(jobs_failed) filter (where completed_at is not null), 0) as failed,
       coalesce(sum(jobs_cancelled) filter (where completed_at is not null), 0) as cancelled
  from batches where deleted_at is null
 group by status, partition, cube (customer_prefix, batch_date);
comment on view batch_recounts is 'batch_counts, counted anew: slow.';
insert into batch_counts select * from batch_recounts;

-- The counters that a filter sums up. each: customers apart, instead of their sum.
create function batches_counted(customers text[], statuses text[], customer text, day_from date,
	day_to date, each boolean)
returns setof batch_counts language sql stable as $$
	select c.* from batch_counts c
	 where case when $3 is not null then c.customer_prefix = $3 and ($1 is null or $3 = any ($1))
		    when $1 is not null then c.customer_prefix = any ($1)
		    when $6 then c.customer_prefix <> ''
		    else c.customer_prefix = '' end
	   and case when $4 is null and $5 is null then c.batch_date = '-infinity'
		    else c.batch_date between coalesce($4, '4713-01-01 BC') and coalesce($5, 'infinity') end
	   and ($2 is null or c.status = any ($2))
$$;

alter function verify_batches() rename to verify_jobs;
comment on function verify_jobs is 'Recounts: every batch whose counters differ from its rows.';
create function verify_batches()
returns table (batch_id uuid, counted int[], kept int[]) language sql stable
set search_path from current as $$
	select * from verify_jobs()
	union all
	select null, array[r.batches, r.files, least(r.size, 2147483647)]::int[],
	       array[c.batches, c.files, least(c.size, 2147483647)]::int[]
	  from batch_recounts r full join batch_counts c using (customer_prefix, batch_date, status, partition)
	 where (coalesce(r.batches, 0), coalesce(r.files, 0), coalesce(r.size, 0), coalesce(r.completed, 0),
	        coalesce(r.failed, 0), coalesce(r.cancelled, 0))
	       is distinct from (coalesce(c.batches, 0), coalesce(c.files, 0), coalesce(c.size, 0),
	        coalesce(c.completed, 0), coalesce(c.failed, 0), coalesce(c.cancelled, 0))
$$;
comment on function verify_batches is
	'Recounts: every batch whose counters differ from its rows, and, without an id, every row of batch_counts that differs. Always empty.';

revoke execute on function verify_batches from public;
grant execute on function verify_batches to batchline_projector, batchline_reader;
grant select, insert, update on batch_counts to batchline_projector;
grant select on batch_counts to batchline_gateway, batchline_reader;
grant select on batch_recounts to batchline_projector, batchline_reader;
commit;
