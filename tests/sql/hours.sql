-- hour_counts follow what ends, once a statement, whoever writes; verify_batches() holds them.
\ir setup.psql
select no_plan();
truncate batches cascade;
create function pg_temp.told(customer text) returns setof text language sql as $$
	select format('%s %s/%s/%s', to_char(hour at time zone 'UTC', 'HH24'), sum(completed), sum(failed), sum(batches))
	  from hour_counts where customer_prefix = customer group by hour
	having (sum(completed), sum(failed), sum(batches)) is distinct from (0, 0, 0) order by hour
$$;
create function pg_temp.all_told(says text, variadic hours text[]) returns text language sql as $$
	select results_eq($q$select pg_temp.told('')$q$, hours, says)
$$;

select pg_temp.a_batch(3) as a, pg_temp.a_batch(2, 'NW_AUH', '{"partition":7}') as b \gset
select pg_temp.move(:'a', '{0,1}', 'processing', '2001-02-03 11:10Z');
select is_empty('select * from hour_counts', 'what is under way has not ended');
select pg_temp.move(:'a', '{0}', 'completed', '2001-02-03 11:59:59Z');
select pg_temp.move(:'a', '{1}', 'failed', '2001-02-03 12:00Z');
select pg_temp.all_told('each in its hour', '11 1/0/0', '12 0/1/0');
select pg_temp.move(:'a', '{2}', 'cancelled', '2001-02-03 13:00Z');
select pg_temp.all_told('what is cancelled is no work; the batch has ended', '11 1/0/0', '12 0/1/0', '13 0/0/1');
select pg_temp.move(:'b', '{0,1}', 'completed', '2001-02-03 11:30Z');
select pg_temp.all_told('all customers together', '11 3/0/1', '12 0/1/0', '13 0/0/1');
select results_eq($$ select pg_temp.told('NW_AUH') $$, array['11 2/0/1'], 'and each apart');
select is_empty('select * from verify_batches()', 'the counters are what there is');

create temp table before as select ctid as place from hour_counts;
update jobs set preview_uri = 'x', duration_ms = 3;
update batches set priority = 6;
select results_eq('select ctid from hour_counts order by 1', 'select place from before order by 1', 'what ends nothing writes nothing');

update jobs set status = 'queued', completed_at = null where batch_id = :'a' and position = 1;
select pg_temp.all_told('what is tried again has not ended, nor has its batch', '11 3/0/1');
select is_empty('select * from verify_batches()', 'nor in the recount');
update batches set deleted_at = now(), control = 'cancel' where id = :'b';
delete from jobs where batch_id = :'b';
select pg_temp.all_told('what is deleted counts no more', '11 1/0/0');
update hour_counts set failed = 4 where customer_prefix = 'PL_DXB' and hour = '2001-02-03 11:00Z';
select results_eq('select * from verify_batches() where batch_id is null', $$ values (null::uuid, '{1,0,0}'::int[], '{1,4,0}'::int[]) $$,
	'verify_batches names an hour that is wrong, with both');
truncate batches cascade;
select is_empty('select * from hour_counts', 'without batches nothing has ended');

-- As the gateway reads it.
\set hours `cat sql/queries/gateway/stats_hours.sql`
prepare hours(text[], text) as :hours;
select pg_temp.a_batch(2) as c, pg_temp.a_batch(1, 'NW_AUH') as d, pg_temp.a_batch(1) as e \gset
select pg_temp.move(:'c', '{0,1}', 'completed', now()), pg_temp.move(:'d', '{0}', 'failed', now() - interval '23 hours'),
       pg_temp.move(:'e', '{0}', 'completed', now() - interval '24 hours') \g /dev/null
create function pg_temp.read(customers text[], customer text) returns text language plpgsql as $$
begin
	drop table if exists shown;
	execute format('create temp table shown (hour, completed, failed, batches) as execute hours(%L, %L)', customers, customer);
	return (select count(*) || ': ' || string_agg(format('%s %s/%s/%s', extract(epoch from date_trunc('hour', now()) - hour)::int / 3600,
		completed, failed, batches), ', ' order by hour) from shown where completed + failed + batches > 0);
end
$$;
select is(pg_temp.read(null, null), '2: 23 0/1/1, 0 2/0/1', 'the last 24 hours of all customers');
select is((select count(*)::int from shown), 24, 'every hour is there, also with none');
select is(pg_temp.read(null, 'NW_AUH'), '1: 23 0/1/1', 'of one customer');
select is(pg_temp.read('{PL_DXB,NW_AUH}', null), '2: 23 0/1/1, 0 2/0/1', 'of those that the caller may see');
select is(pg_temp.read('{PL_DXB}', 'NW_AUH'), null, 'of a foreign one nothing');

select * from finish();
rollback;
