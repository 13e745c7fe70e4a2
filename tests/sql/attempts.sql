-- Attempts that failed are kept, once each, as long as their job is there.
\ir setup.psql
select no_plan();
\set insert `cat sql/queries/projector/attempts_insert.sql`
\set leases `cat sql/queries/projector/leases_expire.sql`
\set delete_jobs `cat sql/queries/projector/delete_jobs.sql`
\set shown `cat sql/queries/gateway/failed_attempts.sql`
prepare attempts(uuid[], uuid[], int[], int[], text[], timestamptz[], text[], text[], bool[], int[]) as :insert;
prepare leases(int[], int, uuid, int, int) as :leases;
prepare delete_jobs(uuid) as :delete_jobs;
prepare shown(uuid, uuid) as :shown;

-- Attempts of the batch's first job failed, with these codes.
create function pg_temp.fail(batch uuid, attempts int[], codes text[]) returns void language plpgsql as $$
begin
	execute format('execute attempts(%L, %L, %L, %L, %L, %L, %L, %L, %L, %L)',
		array_fill(batch, array[cardinality(attempts)]),
		array_fill(pg_temp.job(batch, 0), array[cardinality(attempts)]), attempts,
		array_fill(1, array[cardinality(attempts)]), array_fill('host/7'::text, array[cardinality(attempts)]),
		array_fill('2001-02-03 11:00Z'::timestamptz, array[cardinality(attempts)]), codes, codes,
		array_fill(true, array[cardinality(attempts)]), array_fill(5, array[cardinality(attempts)]));
end
$$;
create function pg_temp.kept(batch uuid) returns text language sql as $$
	select string_agg(attempt || ' ' || error_code, ', ' order by attempt, error_code) from failed_attempts where batch_id = batch
$$;

select pg_temp.a_batch(2) as a, pg_temp.a_batch(1) as b \gset
update jobs set attempt = 3 where batch_id = :'a' and position = 0;
select pg_temp.fail(:'a', '{1,2}', '{slow,broken}') \g /dev/null
select is(pg_temp.kept(:'a'), '1 slow, 2 broken', 'each attempt of one turn has a row');
select pg_temp.fail(:'a', '{2,3}', '{otherwise,broken}') \g /dev/null
select is(pg_temp.kept(:'a'), '1 slow, 2 broken, 3 broken', 'what is said again changes nothing');
select pg_temp.fail(:'a', '{4}', '{early}') \g /dev/null
select is(pg_temp.kept(:'a'), '1 slow, 2 broken, 3 broken', 'nor is there an attempt that the job has not come to');
select results_eq(format('execute shown(%L, %L)', :'a', pg_temp.job(:'a', 0)), $$ values
	(3, 1, 'host/7', '2001-02-03 11:00Z'::timestamptz, 'broken', 'broken', true, 5),
	(2, 1, 'host/7', '2001-02-03 11:00Z', 'broken', 'broken', true, 5),
	(1, 1, 'host/7', '2001-02-03 11:00Z', 'slow', 'slow', true, 5) $$, 'the newest is shown first');

select pg_temp.move(:'b', '{0}', 'completed') \g /dev/null
select pg_temp.fail(:'b', '{1}', '{late}') \g /dev/null
select is(pg_temp.kept(:'b'), null, 'the attempt that completed a job did not fail');

select pg_temp.move(:'a', '{1}', 'processing', now() - interval '1 hour') \g /dev/null
execute leases('{3}', 3, '00000000-0000-0000-0000-000000000000', -1, 500) \g /dev/null
select is(pg_temp.kept(:'a'), '1 lease_expired, 1 slow, 2 broken, 3 broken', 'an attempt that nobody answered for is one');
execute leases('{3}', 3, '00000000-0000-0000-0000-000000000000', -1, 500) \g /dev/null
select is((select count(*)::int from failed_attempts where batch_id = :'a'), 4, 'once');

update batches set deleted_at = now(), control = 'cancel' where id = :'a';
select format('execute delete_jobs(%L)', :'a') as gone \gset
:gone \g /dev/null
select is(pg_temp.kept(:'a'), null, 'they go with their jobs');
select pg_temp.fail(:'a', '{1}', '{late}') \g /dev/null
select is(pg_temp.kept(:'a'), null, 'and none comes back');
select is_empty('select * from verify_batches()', 'the counters are right');

select * from finish();
rollback;
