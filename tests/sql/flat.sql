-- What runs again and again costs the same however large things are: the timers and look-ups of the
-- projector read so many rows, not all of a large batch or of all that waits.
\ir setup.psql
select no_plan();
select set_config(split_part(setting, '=', 1), split_part(setting, '=', 2), true) as as_the_projector
  from pg_roles cross join unnest(rolconfig) setting
 where rolname = 'batchline_projector' and setting ~ '^(plan_cache_mode|enable_|jit)' \g /dev/null
\set leases `cat sql/queries/projector/leases_expire.sql`
\set parked `cat sql/queries/projector/parked.sql`
\set sweep `cat sql/queries/projector/parked_sweep.sql`
\set dispatch `cat sql/queries/projector/dispatch.sql`
\set again `cat sql/queries/projector/reannounce.sql`
\set retry `cat sql/queries/projector/retry.sql`
prepare retry(uuid[], uuid, timestamptz) as :retry;
prepare leases(int[], int, uuid, int, int) as :leases;
prepare parked(uuid[], int[], int, bigint) as :parked;
prepare sweep(int[], int, bigint, int, bool) as :sweep;
prepare dispatch(int[], int, timestamptz) as :dispatch;
prepare again(int[], timestamptz, int) as :again;

create function pg_temp.rows_read(name text) returns bigint language sql as $$
	select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables
	 where relid = name::regclass
$$;
-- How many rows of a table the statement reads.
create function pg_temp.reads(name text, statement text) returns bigint language plpgsql as $$
declare
	before bigint := pg_temp.rows_read(name);
begin
	execute statement;
	return pg_temp.rows_read(name) - before;
end
$$;

-- Leases: a batch of 30,000 jobs, of which some are out, among them one at its end.
create temp table large as select pg_temp.a_batch(30000) as id;
select pg_temp.move(id, '{0,1,2,29999}', 'dispatched', now() + interval '1 hour') from large \g /dev/null
analyze batches;
analyze jobs;
select cmp_ok(pg_temp.reads('jobs', $$ execute leases('{3}', 3, '00000000-0000-0000-0000-000000000000', -1, 500) $$),
	'<=', 600::bigint, 'leases: so many jobs are looked at, not all of a batch');
select results_eq($$ execute leases('{3}', 3, '00000000-0000-0000-0000-000000000000', -1, 500) $$,
	$$ select id, 499, 500::bigint from large $$, 'and where it stopped is said');
select cmp_ok(pg_temp.reads('jobs', format($$ execute leases('{3}', 3, %L, 29000, 500) $$, id)), '<=', 600::bigint,
	'from any place on') from large;
select pg_temp.move(id, '{29999}', 'dispatched', now() - interval '1 hour') from large \g /dev/null
select format($$ execute leases('{3}', 3, %L, 29498, 500) $$, id) as walk from large \gset
:walk \g /dev/null
select is((select status from jobs where batch_id = large.id and position = 29999), 'dispatched',
	'a lease beyond the place is not touched') from large;
select format($$ execute leases('{3}', 3, %L, 29499, 501) $$, id) as walk from large \gset
:walk \g /dev/null
select results_eq(format($$ select status, attempt from jobs where batch_id = %L and position = 29999 $$, id),
	$$ values ('retry_wait', 2) $$, 'one that has passed is, when the walk is there') from large;
select results_eq($$ execute leases('{4}', 3, '00000000-0000-0000-0000-000000000000', -1, 500) $$,
	$$ select null::uuid, 0, 0::bigint where false $$, 'other partitions are not walked through');

-- A retry that names jobs: a look into a hash for each job, not through all the names.
create temp table planned(line text);
do $$
declare
	l text;
begin
	for l in execute format('explain execute retry(%L, null, null)',
		(select array_agg(md5(i::text)::uuid) from generate_series(1, 100) i)) loop
		insert into planned values (l);
	end loop;
end
$$;
select ok(exists (select from planned where line ~ 'hashed SubPlan'), 'no list of jobs is searched for each job');

-- Parked facts: 20,000 of 2,000 batches.
insert into early_facts (topic, partition, record_offset, batch_id, payload)
select 'events', 3, i, md5((i % 2000)::text)::uuid, '\x00' from generate_series(1, 20000) i;
analyze early_facts;
select cmp_ok(pg_temp.reads('early_facts', format($$ execute parked('{%s}', '{3}', -1, -1) $$, md5('7')::uuid)),
	'<=', 30::bigint, 'parked facts are found by their batch');
select results_eq(format($$ execute parked('{%s}', '{3}', 3, 4007) $$, md5('7')::uuid),
	$$ select partition, record_offset, record_key, headers, payload, recorded_at from early_facts
	    where record_offset in (6007, 8007, 10007, 12007, 14007, 16007, 18007) order by 2 $$,
	'in their order, behind a place');
select cmp_ok(pg_temp.reads('early_facts', $$ execute sweep('{3}', 3, 9000, 1000, false) $$), '<=', 1100::bigint,
	'the sweep reads a page');
update early_facts set recorded_at = now() - interval '8 days' where record_offset = 3;
create temp table known as select pg_temp.a_batch(1) as id;
update early_facts set batch_id = id from known where record_offset = 5;
create function pg_temp.due() returns table (record_offset bigint, known bool, old bool) language plpgsql as $$
declare
	r record;
begin
	for r in execute 'execute sweep(''{3}'', -1, -1, 10, false)' loop
		if r.payload is not null then
			record_offset := r.record_offset; known := r.known; old := r.old;
			return next;
		end if;
	end loop;
end
$$;
select results_eq('select * from pg_temp.due()', $$ values (3::bigint, false, true), (5, true, false) $$,
	'and brings what is due: too old, or of a batch that is there');

-- After a claim: 3,000 batches that changed lately.
select count(pg_temp.a_batch(0, 'PL_DXB', '{"partition": 5}')) from generate_series(1, 3000) \g /dev/null
analyze batches;
create temp table claimed as select now() + interval '1 second' as at;
select cmp_ok(pg_temp.reads('batches', format($$ execute again('{5}', %L, 100) $$, at)), '<=', 500::bigint,
	'a piece of what is said again after a claim costs a piece') from claimed;
select is((select count(*) from batches where revision = 2 and partition = 5), 100::bigint, 'and says so many');

-- Dispatch: as many batches of a customer as there is room for jobs, however many wait.
select count(pg_temp.a_batch(1, 'CROWD', '{"partition": 6}')) from generate_series(1, 2000) \g /dev/null
select count(pg_temp.a_batch(1, 'REST', '{"partition": 6}')) from generate_series(1, 10) \g /dev/null
select cmp_ok(pg_temp.reads('batches', $$ execute dispatch('{6}', 6, now()) $$), '<=', 200::bigint,
	'dispatch reads of 2,000 waiting batches those that it may serve');
select * from finish();
rollback;
