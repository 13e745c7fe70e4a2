-- Who is next when there is room: the highest priority, and of one priority whoever has the fewest jobs out.
\ir setup.psql
select no_plan();
\set dispatch `cat sql/queries/projector/dispatch.sql`
prepare dispatch(int[], int, timestamptz) as :dispatch;

create temp table known(name text, id uuid);
-- What is out of each batch, after one more job than before may be.
create function pg_temp.out_with(room int) returns text language plpgsql as $$
begin
	execute format('execute dispatch(''{3}'', %s, now())', room);
	return (select string_agg(k.name || ' ' || b.jobs_dispatched, ', ' order by k.name)
	          from known k join batches b using (id));
end
$$;

insert into known select 'giant', pg_temp.a_batch(100, 'GIANT');
select pg_temp.move(id, '{0,1,2,3,4,5,6,7,8,9}', 'dispatched') from known \g /dev/null
insert into known select 'small', pg_temp.a_batch(3, 'SMALL', '{"created_at": "2001-02-03 12:00Z"}');

select is(pg_temp.out_with(10), 'giant 10, small 0', 'without room nobody is next');
select is(pg_temp.out_with(11), 'giant 10, small 1', 'one place at a time goes to who has the fewest out');
select is(pg_temp.out_with(12), 'giant 10, small 2', 'and the next one');
select is(pg_temp.out_with(13), 'giant 10, small 3', 'and the next one');
select is(pg_temp.out_with(16), 'giant 13, small 3', 'the rest is for who still waits');

insert into known select 'second', pg_temp.a_batch(100, 'GIANT', '{"created_at": "2001-02-03 13:00Z"}');
insert into known select 'third', pg_temp.a_batch(100, 'THIRD', '{"created_at": "2001-02-03 14:00Z"}');
select is(pg_temp.out_with(28), 'giant 13, second 0, small 3, third 12',
	'another batch gives its customer no other turn');
select is(pg_temp.out_with(31), 'giant 14, second 0, small 3, third 14', 'and who has as many shares the rest');

insert into known select 'urgent', pg_temp.a_batch(5, 'GIANT',
	'{"created_at": "2001-02-03 15:00Z", "priority": 9}');
select is(pg_temp.out_with(33), 'giant 14, second 0, small 3, third 14, urgent 2',
	'a higher priority is before all turns');

-- However many batches of one customer wait, the first of another is seen.
update batches set control = 'pause' where id in (select id from known);
insert into known select 'many', id from (select pg_temp.a_batch(1, 'CROWD') as id
	from generate_series(1, 1200)) crowd;
insert into known select 'late', pg_temp.a_batch(2, 'Z_LATE', '{"created_at": "2001-02-03 16:00Z"}');
select pg_temp.out_with(33 + 4) \g /dev/null
select is((select jobs_dispatched from batches join known using (id) where name = 'late'), 2,
	'a customer is served behind 1,200 batches of another');
select is((select sum(jobs_dispatched)::int from batches join known using (id) where name = 'many'), 2,
	'who has the other half of the turns');
select * from finish();
rollback;
