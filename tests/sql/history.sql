-- batch_history has the states that each batch went through, at the times of what changed it.
\ir setup.psql
select no_plan();
\set pause `cat sql/queries/projector/pause.sql`
\set retry `cat sql/queries/projector/retry.sql`
\set cancel `cat sql/queries/projector/cancel.sql`
\set archives `cat sql/queries/projector/archives_apply.sql`
prepare pause(uuid, text, timestamptz) as :pause;
prepare retry(uuid[], uuid, timestamptz) as :retry;
prepare cancel(uuid, timestamptz) as :cancel;
prepare archives(uuid[], int[], text[], int8[], text[], int[], timestamptz[]) as :archives;
create function pg_temp.told(batch uuid) returns setof text language sql as $$
	select format('%s %s %s %s/%s/%s', to_char(at at time zone 'UTC', 'HH24:MI'), run_no, what, jobs_completed, jobs_failed, jobs_cancelled)
	  from batch_history where batch_id = batch order by id
$$;

select pg_temp.a_batch(3) as a, pg_temp.a_batch(2) as b \gset
select is_empty(format('select pg_temp.told(%L)', :'a'), 'a batch that waits has its row alone');
select pg_temp.move(:'a', '{0}', 'processing', '2001-02-03 11:01Z');
select pg_temp.move(:'a', '{1}', 'processing', '2001-02-03 11:02Z');
execute pause(:'a', 'pause', '2001-02-03 11:03Z');
execute pause(:'a', 'pause', '2001-02-03 11:04Z');
execute pause(:'a', 'run', '2001-02-03 11:05Z');
select pg_temp.move(:'a', '{0,1}', 'completed', '2001-02-03 11:06Z');
select pg_temp.move(:'a', '{2}', 'failed', '2001-02-03 11:07Z');
execute archives(array[:'a']::uuid[], '{1}', '{blob:a}', '{1}', '{00}', '{1}', '{2001-02-03 11:08Z}');
execute retry('{}', :'a', '2001-02-03 11:09Z');
execute cancel(:'a', '2001-02-03 11:10Z');
execute cancel(:'a', '2001-02-03 11:11Z');
update batches set announced_revision = 9, priority = 7 where id = :'a';
select results_eq(format('select pg_temp.told(%L)', :'a'), array['11:01 1 processing 0/0/0', '11:03 1 paused 0/0/0',
	'11:05 1 resumed 0/0/0', '11:07 1 partial 2/1/0', '11:08 1 archived 2/1/0', '11:09 2 retried 2/1/0', '11:09 2 processing 2/0/0',
	'11:10 2 cancelling 2/0/0', '11:10 2 cancelled 2/0/1'], 'each change once, at its own time, with what had become of the jobs');

select pg_temp.move(:'b', '{0}', 'completed', '2001-02-03 09:00Z');
select results_eq(format('select pg_temp.told(%L)', :'b'), array['10:00 1 processing 1/0/0'],
	'a fact from before the submission is no earlier than that');
update batches set deleted_at = now(), control = 'cancel' where id = :'a';
select is_empty(format('select pg_temp.told(%L)', :'a'), 'a deleted batch has none');
select isnt_empty(format('select pg_temp.told(%L)', :'b'), 'and the others keep theirs');

-- As the gateway shows it.
\set history `cat sql/queries/gateway/history.sql`
prepare history(uuid, timestamptz, text, bigint) as :history;
insert into audit (at, actor, action, object, outcome, source) values
	('2001-02-03 10:00Z', 'studio', 'submit', :'b', 'asked', '127.0.0.1'),
	('2001-02-03 12:00Z', 'admin', 'pause', :'b', 'asked', '10.0.0.9'),
	('2001-02-03 12:00Z', 'admin', 'pause', :'a', 'asked', '10.0.0.9');
create function pg_temp.page(after timestamptz, entry text, n bigint) returns void language plpgsql as $$
begin
	drop table if exists shown;
	execute format('create temp table shown as execute history(%L, %L, %L, %s)', current_setting('test.b'), after, entry, n);
end
$$;
select set_config('test.b', :'b', true) \g /dev/null
create function pg_temp.words() returns text language plpgsql as $$
begin
	return (select string_agg(kind || ' ' || what || coalesce(' by ' || who, ''), ', ' order by at, entry collate "C") from shown);
end
$$;
select pg_temp.page(null, null, 9) \g /dev/null
select is(pg_temp.words(), 'state submitted by test, order submit by studio, state processing, order pause by admin',
	'orders and states together, the oldest first');
select pg_temp.page(null, null, 2) \g /dev/null
select is(pg_temp.words(), 'state submitted by test, order submit by studio', 'a page');
select at, entry from shown order by at desc, entry collate "C" desc limit 1 \gset
select pg_temp.page(:'at', :'entry', 2) \g /dev/null
select is(pg_temp.words(), 'state processing, order pause by admin', 'and the one after it, though the moment is the same');

select pg_temp.a_batch(0, settings => '{"error_code":"no_pipeline"}') as r \gset
select set_config('test.b', :'r', true) \g /dev/null
select pg_temp.page(null, null, 9) \g /dev/null
select is(pg_temp.words(), 'state submitted by test, state failed', 'a submission that was refused failed at once');

select * from finish();
rollback;
