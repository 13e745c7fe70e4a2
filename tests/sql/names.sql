-- Each batch has its counter within customer and day: given once, without gaps, whoever asks.
\ir setup.psql
create extension if not exists dblink with schema public;
select no_plan();

create function pg_temp.u(n int) returns uuid language sql as $$
	select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
create function pg_temp.us(variadic n int[]) returns uuid[] language sql as $$
	select array_agg(pg_temp.u(i) order by at) from unnest(n) with ordinality as x (i, at) $$;

select results_eq($$ select batch_id, batch_counter from allocate_names(pg_temp.us(1, 2, 3),
	'{ZT,ZT,ZT}', '{2001-02-03,2001-02-03,2001-02-03}') order by 1 $$,
	$$ values (pg_temp.u(1), 1), (pg_temp.u(2), 2), (pg_temp.u(3), 3) $$, 'counters rise from 1 in the order given');
select results_eq($$ select batch_counter from allocate_names(pg_temp.us(4), '{ZT}', '{2001-02-03}') $$,
	'{4}'::int[], 'and go on in the next turn');
select results_eq($$ select batch_counter from allocate_names(pg_temp.us(5, 6), '{ZT,ZU}', '{2001-02-04,2001-02-03}') order by 1 $$,
	'{1,1}'::int[], 'another day and another customer begin at 1');
select results_eq($$ select batch_id, batch_counter from allocate_names(pg_temp.us(2, 7), '{ZT,ZT}', '{2001-02-03,2001-02-03}') order by 1 $$,
	$$ values (pg_temp.u(2), 2), (pg_temp.u(7), 5) $$, 'who has a name keeps it, among new ones');
select results_eq($$ select batch_counter, customer_prefix, batch_date from allocate_names(pg_temp.us(2), '{ZZ}', '{2002-01-01}') $$,
	$$ values (2, 'ZT', '2001-02-03'::date) $$, 'also when it is asked for with another customer and day');
select is_empty($$ select * from name_counters where customer_prefix = 'ZZ' $$, 'which leaves no trace');
select results_eq($$ select batch_counter from allocate_names(pg_temp.us(8, 8, 9), '{ZT,ZT,ZT}', '{2001-02-03,2001-02-03,2001-02-03}') order by 1 $$,
	'{6,7}'::int[], 'a batch that is there twice has one name');
select results_eq($$ select batch_counter from allocate_names(pg_temp.us(12, 11, 10), '{ZV,ZW,ZV}', '{2001-02-03,2001-02-03,2001-02-03}')
	order by batch_id desc $$, '{1,1,2}'::int[], 'customers that are mixed do not mix');
select is_empty($$ select * from allocate_names('{}', '{}', '{}') $$, 'nothing asked, nothing given');
select throws_ok($$ insert into batch_names values (pg_temp.u(99), 'ZT', '2001-02-03', 1) $$, '23505', null,
	'no name can be given twice');

savepoint before;
select count(*) from allocate_names(pg_temp.us(20, 21), '{ZT,ZT}', '{2001-02-03,2001-02-03}') \g /dev/null
rollback to before;
select results_eq($$ select batch_counter from allocate_names(pg_temp.us(22), '{ZT}', '{2001-02-03}') $$,
	'{8}'::int[], 'a rollback leaves no gap');

-- Many at once, made on what were empty tables: the sum of the work is in proportion.
select is((select count(distinct (customer_prefix, batch_counter))::int from allocate_names(
	(select array_agg(pg_temp.u(1000 + i)) from generate_series(1, 5000) i),
	(select array_agg('Z' || chr(65 + i % 26)) from generate_series(1, 5000) i),
	(select array_agg('2003-01-01'::date) from generate_series(1, 5000) i))), 5000, 'thousands at once');
select is_empty($$ select customer_prefix from batch_names where batch_date = '2003-01-01'
	group by 1 having max(batch_counter) <> count(*) or min(batch_counter) <> 1 $$, 'without a gap');

-- Two transactions at once, for the same customer, in two sessions of their own. What they leave
-- behind is removed at the end.
select format('host=%s port=%s dbname=%s user=%s', coalesce(host(inet_server_addr()), split_part(
	current_setting('unix_socket_directories'), ',', 1)), current_setting('port'), current_database(), session_user) as self \gset
create function pg_temp.names(first int, n int, prefixes text[]) returns text language sql as $$
	select format('select array_agg(batch_counter order by batch_id) from allocate_names(%L, %L, %L)',
		(select array_agg(pg_temp.u(first + i)) from generate_series(0, n - 1) i),
		(select array_agg(prefixes[1 + i % cardinality(prefixes)]) from generate_series(0, n - 1) i),
		(select array_agg('1999-12-31'::date) from generate_series(0, n - 1) i)) $$;
select dblink_connect(s, :'self'), dblink_exec(s, 'set search_path to batchline, batchline_base') from unnest('{one,two}'::text[]) s \g /dev/null
create function pg_temp.clean_up() returns void language sql as $$
	select dblink_exec('one', 'delete from batch_names where batch_date = ''1999-12-31''');
	select dblink_exec('one', 'delete from name_counters where batch_date = ''1999-12-31''') $$;
select pg_temp.clean_up();
create function pg_temp.someone_waits() returns boolean language plpgsql as $$
declare
	backend int;
begin
	for i in 1..500 loop
		perform pg_stat_clear_snapshot();
		if exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
		            and query like '%allocate_names%' and pid <> pg_backend_pid()) then
			return true;
		end if;
		perform pg_sleep(0.01);
	end loop;
	return false;
end
$$;

select dblink_exec('one', 'begin'), dblink_exec('two', 'begin') \g /dev/null
select is(c, '{1,2}', 'the first session names two') from dblink('one', pg_temp.names(500, 2, '{QA}')) as t (c int[]);
select dblink_send_query('two', pg_temp.names(510, 2, '{QA}')) \g /dev/null
select ok(pg_temp.someone_waits(), 'the second one waits for it');
select dblink_exec('one', 'commit') \g /dev/null
select is(c, '{3,4}', 'and goes on after it') from dblink_get_result('two') as t (c int[]);
select count(*) from dblink_get_result('two') as t (c int[]) \g /dev/null
select dblink_exec('two', 'commit') \g /dev/null

select dblink_exec('one', 'begin'), dblink_exec('two', 'begin') \g /dev/null
select is(c, '{5,6}', 'the first session names two more') from dblink('one', pg_temp.names(520, 2, '{QA}')) as t (c int[]);
select dblink_send_query('two', pg_temp.names(530, 2, '{QA}')) \g /dev/null
select ok(pg_temp.someone_waits(), 'the second one waits again');
select dblink_exec('one', 'rollback') \g /dev/null
select is(c, '{5,6}', 'and gets the same names when the first gives up') from dblink_get_result('two') as t (c int[]);
select count(*) from dblink_get_result('two') as t (c int[]) \g /dev/null
select dblink_exec('two', 'commit') \g /dev/null

-- Crosswise: each asks for both customers, in opposite order, again and again.
select dblink_send_query('one', string_agg(pg_temp.names(10000 + 100 * i, 20, '{QA,QB,QC}'), ';')) from generate_series(0, 49) i \g /dev/null
select dblink_send_query('two', string_agg(pg_temp.names(50000 + 100 * i, 20, '{QC,QB,QA}'), ';')) from generate_series(0, 49) i \g /dev/null
create function pg_temp.drained(session text) returns int language plpgsql as $$
declare
	n int := 0;
	r record;
begin
	loop
		select * into r from dblink_get_result(session) as t (c int[]);
		exit when not found;
		n := n + 1;
	end loop;
	return n;
end
$$;
select is(pg_temp.drained('one') + pg_temp.drained('two'), 100, 'a hundred turns crosswise end without a deadlock');
select is_empty($$ select customer_prefix from batch_names where batch_date = '1999-12-31' group by 1
	having max(batch_counter) <> count(*) or count(distinct batch_counter) <> count(*) $$, 'no gap and no double');
select is(count(*)::int, 2006, 'and none missing') from batch_names where batch_date = '1999-12-31';

select pg_temp.clean_up();
select dblink_disconnect(s) from unnest('{one,two}'::text[]) s \g /dev/null
select * from finish();
rollback;
