-- batch_counts follow the batches, once a statement, whoever writes; lists read a few of their rows
-- however many batches there are.
\ir setup.psql
select no_plan();
truncate batches cascade;
select is_empty('select * from batch_counts', 'without batches there is nothing to count');

create function pg_temp.count_of(customer text, day date, status text) returns bigint language sql as $$
	select coalesce(sum(batches), 0)::bigint
	  from batches_counted(null, array[$3], $1, $2, $2, false)
$$;
create function pg_temp.sums() returns bigint[] language sql as $$
	select array[sum(batches), sum(files), sum(size), sum(completed), sum(failed), sum(cancelled)]::bigint[]
	  from batches_counted(null, null, null, null, null, false)
$$;

select pg_temp.a_batch(3) as a, pg_temp.a_batch(2, 'NW_AUH') as b, pg_temp.a_batch(2, 'NW_AUH') as c \gset
select is(pg_temp.count_of(customer, day::date, 'queued'), n::bigint, says) from (values
	('PL_DXB', '2001-02-03', 1, 'a batch counts for its customer and day'),
	('PL_DXB', null, 1, 'for its customer'),
	(null, '2001-02-03', 3, 'for its day'),
	(null, null, 3, 'and for all'),
	('PL_DXB', '2001-02-04', 0, 'on no other day'),
	('XX', null, 0, 'and for no other customer')) as v (customer, day, n, says);
select is(pg_temp.sums(), '{3,7,0,0,0,0}', 'files count at once, what became of them does not');

select pg_temp.move(:'a', '{0}', 'processing');
select is(pg_temp.count_of('PL_DXB', null, 'queued'), 0::bigint, 'a batch that goes on leaves its state');
select is(pg_temp.count_of('PL_DXB', null, 'processing'), 1::bigint, 'and counts in the next');
update batches set total_size = 900 where id = :'a';
select is(pg_temp.sums(), '{3,7,0,0,0,0}', 'sizes of what is open are not counted');
update jobs set status = case position when 0 then 'failed' else 'completed' end, completed_at = now() where batch_id = :'a';
select is(pg_temp.sums(), '{3,7,900,2,1,0}', 'what is finished is counted with what became of it');
update jobs set status = 'queued', completed_at = null where batch_id = :'a' and position = 0;
select is(pg_temp.sums(), '{3,7,0,0,0,0}', 'and no more when it is opened again');
select pg_temp.move(:'a', '{0}', 'completed');

select pg_temp.a_batch(1) as x \gset
update batches set control = case when id = :'b' then 'pause' else control end,
       deleted_at = case when id = :'x' then now() end;
select is(pg_temp.count_of(null, null, status), n::bigint, n || ' is ' || status) from (values
	('queued', 1), ('paused', 1), ('completed', 1), ('cancelled', 0)) as v (status, n);
select is((select sum(batches)::int from batches_counted(null, null, null, null, null, false)), 3, 'what is deleted counts no more');
select is((select sum(batches)::int from batches_counted(customers, statuses, customer, day_from, day_to, false)),
	(select count(*)::int from batches_found(customers, statuses, customer, day_from, day_to, null, null)),
	format('counted is what is found: %s', v)) from (values
	('{PL_DXB}'::text[], null::text[], null::text, null::date, null::date),
	('{PL_DXB,NW_AUH}', '{queued,paused}', null, null, null),
	('{PL_DXB,NW_AUH}', null, 'NW_AUH', '2001-02-03', null),
	(null, null, 'PL_DXB', null, '2001-02-03'),
	(null, '{completed}', null, '2001-02-01', '2001-02-28')) as v (customers, statuses, customer, day_from, day_to);
select is_empty($$ select * from batches_counted('{PL_DXB}', null, 'NW_AUH', null, null, false) $$, 'a foreign customer has no count');
select results_eq($$ select customer_prefix, sum(batches)::int from batches_counted(null, null, null, null, null, true)
	group by 1 order by 1 $$, $$ values ('NW_AUH', 2), ('PL_DXB', 1) $$, 'customers apart');

-- The recount knows, and a statement that moves nothing writes nothing.
delete from jobs where batch_id = :'x';
select is_empty('select * from verify_batches()', 'the counters are what there is');
create temp table before as select ctid as place from batch_counts;
update batches set priority = 6, announced_revision = 3;
update batches set total_size = total_size where true;
select results_eq('select ctid from batch_counts order by 1', 'select place from before order by 1', 'what moves no count writes none');
update batch_counts set batches = 7 where customer_prefix = 'PL_DXB' and batch_date = '2001-02-03' and status = 'completed';
select results_eq('select * from verify_batches()', $$ values (null::uuid, '{1,3,900}'::int[], '{7,3,900}'::int[]) $$,
	'verify_batches names a count that is wrong, with both');
delete from jobs;
delete from batches where id = :'c';
select is(pg_temp.count_of('NW_AUH', '2001-02-03', 'queued'), 0::bigint, 'a row that is removed is subtracted');

-- At size: 20,000 batches of 3 customers over 100 days.
truncate batches cascade;
insert into batches (id, customer_prefix, batch_date, batch_counter, base_directory_name, submitted_by,
	pipeline_id, total_files, total_pipelines, partition, payload_sha256, created_at)
select gen_random_uuid(), c, date '2001-01-01' + i % 100, i, c || '_batch-' || i, 'test', 1, 0, 1, i % 4, sha256('x'),
       '2001-02-03 10:00Z'
  from generate_series(1, 20000) i, lateral (select 'C' || i % 3 as c) _;
analyze batches;
analyze batch_counts;
create function pg_temp.rows_read() returns bigint language sql as $$
	select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_xact_user_tables
	 where relid in ('batches'::regclass, 'batch_counts'::regclass)
$$;
create function pg_temp.reads(statement text) returns bigint language plpgsql as $$
declare
	before bigint := pg_temp.rows_read();
begin
	execute statement;
	return pg_temp.rows_read() - before;
end
$$;
\set count `cat sql/queries/gateway/list_count.sql`
\set total `cat sql/queries/gateway/list_total.sql`
\set states `cat sql/queries/gateway/stats_status.sql`
\set customers `cat sql/queries/gateway/stats_customers.sql`
set local plan_cache_mode to force_custom_plan;
prepare count(text[], text[], text, date, date, uuid[], int) as :count;
prepare total(text[], text[], text, date, date) as :total;
prepare states(text[], text[], text, date, date, uuid[], int) as :states;
prepare customers(text[], text[], text, date, date, uuid[], int) as :customers;
update batches set total_files = 1, jobs_completed = 1 where total_files = 0;
select cmp_ok(pg_temp.reads(format('execute %s(%s)', name, filter)), '<=', most::bigint, format('%s(%s) reads so few rows', name, filter))
  from (values ('total', 'null, null, null, null, null', 30),
	('total', 'null, ''{completed}'', null, null, null', 10),
	('total', '''{C1,C2}'', null, null, null, null', 60),
	('total', 'null, null, ''C1'', ''2001-01-05'', ''2001-01-06''', 60),
	('states', 'null, null, null, null, null, null, null', 30),
	('customers', 'null, null, null, null, null, null, null', 90)) as v (name, filter, most);
create function pg_temp.answer(name text) returns bigint language plpgsql as $$
declare
	n bigint;
begin
	execute format('execute %s', name) into n;
	return n;
end
$$;
select is(pg_temp.answer('count(null, ''{completed}'', ''C1'', ''2001-01-05'', ''2001-01-06'', null, null)'),
	pg_temp.answer('total(null, ''{completed}'', ''C1'', ''2001-01-05'', ''2001-01-06'')'), 'one by one they are as many');
select is(pg_temp.answer('total(null, ''{completed}'', ''C1'', ''2001-01-05'', ''2001-01-06'')'),
	(select count(*) from batches where customer_prefix = 'C1' and batch_date between '2001-01-05' and '2001-01-06'),
	'and is right');
select is_empty('select * from verify_batches() where batch_id is null', 'all of it was counted');

select * from finish();
rollback;
