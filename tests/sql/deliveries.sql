-- What a person may do with a delivery, and who may do it.
\ir setup.psql
select no_plan();

insert into targets (service, name, settings) values ('webhook', 'crm', '{"url": "https://a.example/", "secret": "k"}');
create temp table b (name text primary key, id uuid);
insert into b select name, pg_temp.a_batch(1) from unnest('{now,on,gone,run}'::text[]) name;
insert into b values ('none', gen_random_uuid());
update batches set deleted_at = now() where id = (select id from b where name = 'gone');
update batches set run_no = 2 where id = (select id from b where name = 'run');

create function pg_temp.d(batch text, phase text, state text default 'queued') returns uuid language sql as $$
	insert into delivery_ledger (id, target_id, batch_id, run_no, state, phase, attempts, created_at, settled_at, told, error_code)
	select gen_random_uuid(), t.id, b.id, 1, state, phase, 3, '2001-01-01Z', case when phase not in ('intent', 'called')
		then '2001-01-02Z'::timestamptz end, true, 'http' from targets t, b where b.name = batch
	returning id
$$;
create function pg_temp.no(what text, id uuid) returns text language sql as $$
	select case what when 'replay' then no_replay else no_skip end from delivery_items i where i.id = $2
$$;

select is(pg_temp.no('replay', pg_temp.d(batch, phase, state)), no, says) from (values
	('now', 'failed', 'queued', null, 'what failed may be replayed'),
	('on', 'called', 'queued', 'a call is under way', 'not while it is called'),
	('on', 'failed', 'completed', 'its batch is queued by now', 'nor when its batch went on'),
	('run', 'failed', 'queued', 'its batch is in run 2 by now', 'or was tried again'),
	('gone', 'done', 'queued', 'its batch was deleted', 'or was deleted'),
	('none', 'failed', 'queued', 'its batch is not there', 'or is not in the projection')) _ (batch, phase, state, no, says);
delete from delivery_ledger;
select is(pg_temp.no('replay', pg_temp.d('now', 'done')), null, 'what is delivered may be replayed');
delete from delivery_ledger;
select is(pg_temp.no('replay', pg_temp.d('now', 'passed')), null, 'so may what was passed over');
delete from delivery_ledger;
select is(pg_temp.no('skip', pg_temp.d(batch, phase)), no, says) from (values
	('now', 'failed', null, 'what failed may be skipped'), ('gone', 'intent', null, 'what waits, too'),
	('on', 'called', 'a call is under way', 'not while it is called'),
	('run', 'done', 'it is delivered', 'nor once it is there'),
	('none', 'passed', 'it is passed over already', 'or twice')) _ (batch, phase, no, says);

create function pg_temp.all_ids() returns uuid[] language sql as $$ select array_agg(id) from delivery_ledger $$;
create function pg_temp.phases() returns text[] language sql as $$
	select array_agg(phase order by phase) from delivery_ledger $$;
set local role batchline_gateway;
set local search_path to batchline, batchline_base, public;
select throws_ok($$ update delivery_ledger set phase = 'done' $$, '42501', null, 'the gateway writes no ledger by itself');
select throws_ok($$ insert into delivery_ledger select * from delivery_ledger $$, '42501', null, 'nor adds to it');
reset role;
select is(count(*)::int, 2, 'skipped are those that wait and those that failed') from deliveries_skip(pg_temp.all_ids(), 'me');
select is(pg_temp.phases(), '{called,done,passed,passed,passed}', 'which are passed over then');
select is(count(*)::int, 2, 'by whom is told') from delivery_ledger where error_code = 'skipped' and error_message = 'by me';
select is(count(*)::int, 4, 'replayed are all but what is called') from deliveries_replay(pg_temp.all_ids());
select results_eq($$ select distinct phase, settled_at, told, error_code, attempts, created_at = now() and next_try_at = now()
	from delivery_ledger where phase <> 'called' $$,
	$$ values ('intent', null::timestamptz, false, null::text, 3, true) $$,
	'and are due at once, with all their time before them, attempts counted on');
set local role batchline_reader;
select throws_ok(format('select batchline_base.%s', call), '42501', null, call || ' is not for who only reads')
  from unnest('{deliveries_replay(null),"deliveries_skip(null, null)"}'::text[]) call;
reset role;

-- What was skipped stays so, whatever else is heard of its batch.
delete from delivery_ledger;
select count(*) from deliveries_skip(array[pg_temp.d('now', 'failed')], 'me') \g /dev/null
select results_eq($$ select count(*)::int from deliveries_found(null, null, 'crm', 'webhook', 'passed', 'queued',
	(select id from b where name = 'now'), 'PL_DXB') $$, '{1}'::int[], 'a filter finds by all it says');
select is(count(*)::int, 0, 'customers that one may not see are not found')
  from deliveries_found('{DE}', null, null, null, null, null, null, null);
select * from finish();
rollback;
