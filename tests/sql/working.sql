-- What is in work, as the gateway tells it.
\ir setup.psql
select no_plan();
\set working `cat sql/queries/gateway/working.sql`
prepare working(text[], int) as :working;
create function pg_temp.rows_read() returns bigint language sql as $$
	select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables
	 where relid = 'jobs'::regclass
$$;
create function pg_temp.shown(customers text[], most int default 100) returns text language plpgsql as $$
begin
	drop table if exists shown;
	execute format('create temp table shown (id, file, size, attempt, started, worker, batch, name, customer, pipeline, total)'
		' as execute working(%L, %L)', customers, most);
	return (select string_agg(customer || ' ' || file, ', ') || ': ' || max(total) from shown);
end
$$;

select is(pg_temp.shown(null), null, 'where nothing is in work there are no rows');
select pg_temp.a_batch(3) as a, pg_temp.a_batch(2, 'NW_AUH') as b \gset
select pg_temp.move(:'a', '{0}', 'dispatched'), pg_temp.move(:'a', '{2}', 'processing', '2001-02-03 11:00Z'),
       pg_temp.move(:'a', '{1}', 'processing', '2001-02-03 12:00Z'),
       pg_temp.move(:'b', '{1}', 'processing', '2001-02-03 11:30Z') \g /dev/null
select is(pg_temp.shown(null), 'PL_DXB file_2.png, NW_AUH file_1.png, PL_DXB file_1.png: 3', 'the longest in work comes first');
select is(pg_temp.shown('{NW_AUH}'), 'NW_AUH file_1.png: 1', 'of other customers nothing is told, nor counted');
select is(pg_temp.shown(null, 1), 'PL_DXB file_2.png: 3', 'so many are shown, and all counted');
select pg_temp.move(:'a', '{1,2}', 'completed') \g /dev/null
update batches set deleted_at = now() where id = :'b';
select is(pg_temp.shown(null), null, 'what ended or was deleted is in work no more');

-- Who has a job in work is who said last that it took the job up.
\set facts `cat sql/queries/projector/facts_apply.sql`
\set retry `cat sql/queries/projector/retry.sql`
prepare facts as :facts;
prepare retry as :retry;
create function pg_temp.say(batch uuid, nth int, attempt int, status text, worker text) returns void language plpgsql as $$
begin
	execute format('execute facts(%L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, 3, %L)',
		array[pg_temp.job(batch, nth)], array[attempt], array[status], array['2001-02-03 11:00Z'],
		array['2001-02-03 11:00Z'], array[null::text], array[null::text], array[false], array[null::text],
		array[null::int], array[batch], array[null::int8], array[worker], '2001-02-03 12:00Z');
end
$$;
create function pg_temp.workers(batch uuid) returns text language sql as $$
	select string_agg(coalesce(worker, 'nobody'), ', ' order by position) from jobs where batch_id = batch
$$;
select pg_temp.a_batch(2) as c \gset
select is(pg_temp.workers(:'c'), 'nobody, nobody', 'what waits is nobody''s');
select pg_temp.say(:'c', 1, 1, 'processing', 'pc-1/7') \g /dev/null
select pg_temp.shown(null) \g /dev/null
select is((select worker from shown), 'pc-1/7', 'what is in work says whose it is');
select pg_temp.say(:'c', 1, 2, 'processing', 'pc-2/8'), pg_temp.say(:'c', 1, 1, 'processing', 'pc-1/7') \g /dev/null
select is(pg_temp.workers(:'c'), 'nobody, pc-2/8', 'a later attempt is another''s, and a late fact changes nothing');
select pg_temp.say(:'c', 1, 2, 'failed', 'pc-2/8'), pg_temp.say(:'c', 0, 1, 'completed', 'pc-1/7') \g /dev/null
select is(pg_temp.workers(:'c'), 'pc-1/7, pc-2/8', 'what is done says whose it was');
execute retry('{}', :'c', '2001-02-03 13:00Z');
select is(pg_temp.workers(:'c'), 'pc-1/7, nobody', 'what is to be done again is nobody''s');
update batches set deleted_at = now() where id = :'c';

-- A batch of 30,000 jobs, of which some in the middle are in work, and those at its end once no more are queued.
select pg_temp.a_batch(30000) as large \gset
select pg_temp.move(:'large', array(select generate_series(0, 14999)), 'completed'),
       pg_temp.move(:'large', '{15000,15001}', 'processing', '2001-02-03 11:00Z'),
       pg_temp.move(:'large', '{14990}', 'processing', '2001-02-03 10:00Z') \g /dev/null
update batches set queued_from = 15000 where id = :'large';
analyze batches;
analyze jobs;
select pg_temp.rows_read() as before \gset
select is(pg_temp.shown(null, 1), 'PL_DXB file_14990.png: 3', 'those of a large batch are found');
select cmp_ok(pg_temp.rows_read() - :before, '<=', 6000::bigint, 'by reading a piece of it');
select pg_temp.move(:'large', array(select generate_series(14990, 29990)), 'completed'),
       pg_temp.move(:'large', array(select generate_series(29991, 29999)), 'processing') \g /dev/null
select pg_temp.shown(null) \g /dev/null
select is((select count(*)::int from shown), 9, 'at its end too');

select * from finish();
rollback;
