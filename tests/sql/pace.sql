-- The last 24 hours as the gateway tells them: what waited, and how long rendering took.
\ir setup.psql
select no_plan();
\set hours `cat sql/queries/gateway/hours.sql`
prepare hours(text[]) as :hours;
create function pg_temp.shown(customers text[], most int) returns text language plpgsql as $$
begin
	drop table if exists shown;
	execute format('create temp table shown (hour, came, waiting, median, p90, measured) as execute hours(%L)', customers);
	return (select string_agg(concat_ws('/', came, waiting, median, p90, measured), ' ' order by hour desc) from
		(select * from shown order by hour desc limit most) s);
end
$$;
create function pg_temp.ago(hours int) returns timestamptz language sql as $$
	select date_trunc('hour', now(), 'UTC') - hours * interval '1 hour'
$$;
create function pg_temp.batch_of(files int, prefix text, hours int) returns uuid language sql as $$
	select pg_temp.a_batch(files, prefix, jsonb_build_object('created_at', pg_temp.ago(hours)))
$$;

select is(pg_temp.shown(null, 2), '0/0/0 0/0/0', 'where there is nothing nothing waits');
select is((select count(*)::int from shown), 24, 'every hour is there');
select pg_temp.batch_of(10, 'PL_DXB', 3) as a, pg_temp.batch_of(4, 'NW_AUH', 1) as b, pg_temp.batch_of(5, 'PL_DXB', 48) as old \gset
select pg_temp.move(:'a', '{0,1,2,3}', 'completed', pg_temp.ago(2)), pg_temp.move(:'a', '{4}', 'failed', pg_temp.ago(1)),
       pg_temp.move(:'b', '{0,1,2,3}', 'cancelled', pg_temp.ago(0)) \g /dev/null
update jobs set duration_ms = 100 * (position + 1) where batch_id = :'a' and status = 'completed';
select is(pg_temp.shown(null, 5), '0/10/0 4/14/0 0/11/200/400/4 10/15/0 0/5/0',
	'what waited, counted back from now; how long rendering took');
select is(pg_temp.shown('{NW_AUH}', 3), '0/0/0 4/4/0 0/0/0', 'of some customers');
update batches set deleted_at = now() where id = :'a';
select is(pg_temp.shown('{PL_DXB}', 1), '0/5/0', 'what is deleted waits no more');

-- A batch of 30,000 jobs that ended in this hour.
select pg_temp.batch_of(30000, 'NW_AUH', 0) as large \gset
update jobs set status = 'completed', completed_at = now(), duration_ms = 7 where batch_id = :'large';
analyze batches;
analyze jobs;
create function pg_temp.rows_read() returns bigint language sql as $$
	select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables
	 where relid = 'jobs'::regclass
$$;
select pg_temp.rows_read() as before \gset
select is(pg_temp.shown('{NW_AUH}', 1), '30000/0/7/7/100', 'a large batch is measured in 100 places');
select cmp_ok(pg_temp.rows_read() - :before, '<=', 300::bigint, 'and no more of it is read');

select * from finish();
rollback;
