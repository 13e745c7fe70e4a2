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

-- The priority of what waits can be changed.
\set prioritise `cat sql/queries/projector/prioritise.sql`
prepare prioritise(uuid, int, timestamptz) as :prioritise;
create function pg_temp.prioritise(named text, priority int) returns text language plpgsql as $$
declare
	old batches := b from batches b join known using (id) where name = named;
	new batches;
begin
	execute format('execute prioritise(%L, %s, now())', old.id, priority);
	select * into new from batches where id = old.id;
	return new.priority || case when new.revision > old.revision then ' said' else '' end;
end
$$;
select is(pg_temp.prioritise('urgent', 1), '1 said', 'a batch gets another priority, and that is said');
select is(pg_temp.prioritise('urgent', 1), '1', 'the same again changes nothing');
select is(pg_temp.out_with(34), 'giant 14, second 0, small 3, third 15, urgent 2', 'what was urgent waits');
select is(pg_temp.prioritise('second', 8), '8 said', 'a younger batch');
select is(pg_temp.out_with(36), 'giant 14, second 2, small 3, third 15, urgent 2', 'comes before an older one of its customer');
update batches set control = 'pause' where id = (select id from known where name = 'third');
select is(pg_temp.prioritise('third', 3), '3 said', 'so does one that is paused, for when it goes on');
select pg_temp.move(id, '{0,1,2}', 'completed') from known where name = 'small' \g /dev/null
select is(pg_temp.prioritise('small', 9), '5', 'what is finished keeps its own');

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
