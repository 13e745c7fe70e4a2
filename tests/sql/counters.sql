-- Counters follow the job rows, once a statement, whoever writes.
\ir setup.psql
select no_plan();

select pg_temp.a_batch(3) as a, pg_temp.a_batch(2, 'NW_AUH') as b, pg_temp.a_batch(4) as other \gset
select is(pg_temp.counters(:'a'), '{3,0,0,0,0,0,0}', 'inserted jobs are counted');
select is(pg_temp.counters(:'b'), '{2,0,0,0,0,0,0}', 'in their own batch');

-- Every status there and back: each has its own counter.
create function pg_temp.moved(batch uuid, to_status text) returns int[] language sql as $$
	select pg_temp.move(batch, '{1}', to_status);
	select pg_temp.counters(batch)
$$;
select is(pg_temp.moved(:'a', status), counters::int[], 'a job that is ' || status || ' is counted there')
  from (values ('dispatched', '{2,1,0,0,0,0,0}'), ('processing', '{2,0,1,0,0,0,0}'),
	       ('retry_wait', '{2,0,0,1,0,0,0}'), ('completed', '{2,0,0,0,1,0,0}'),
	       ('failed', '{2,0,0,0,0,1,0}'), ('cancelled', '{2,0,0,0,0,0,1}')) as w (status, counters);
select pg_temp.move(:'a', '{1}', 'queued');
select is(pg_temp.counters(:'a'), '{3,0,0,0,0,0,0}', 'and back');

-- Several batches and directions in one statement.
select pg_temp.move(:'a', '{0}', 'processing');
update jobs set status = case when status = 'processing' then 'completed' else 'dispatched' end,
       lease_until = case when status = 'queued' then now() end
 where batch_id in (:'a', :'b') and position < 2;
select is(pg_temp.counters(:'a'), '{1,1,0,0,1,0,0}', 'one statement moves both ways within a batch');
select is(pg_temp.counters(:'b'), '{0,2,0,0,0,0,0}', 'and in several batches');
select is(pg_temp.counters(:'other'), '{4,0,0,0,0,0,0}', 'and in no other');

-- Two jobs change places: the sum of the differences is nothing.
select pg_temp.revision(:'a') as before \gset
update jobs set status = case position when 1 then 'queued' else 'dispatched' end,
       lease_until = case when position = 2 then now() end
 where batch_id = :'a' and position in (1, 2);
select is(pg_temp.counters(:'a'), '{1,1,0,0,1,0,0}', 'two jobs that change places leave the counters');
select is(pg_temp.revision(:'a'), :before, 'and the revision');

delete from jobs where batch_id = :'other' and position >= 2;
select is(pg_temp.counters(:'other'), '{2,0,0,0,0,0,0}', 'deleted jobs are subtracted');
update jobs set batch_id = :'other', position = 2 where batch_id = :'b' and position = 0;
select is(pg_temp.counters(:'other'), '{2,1,0,0,0,0,0}', 'a job that changes its batch is added there');
select is(pg_temp.counters(:'b'), '{0,1,0,0,0,0,0}', 'and subtracted here');

delete from jobs where batch_id in (:'a', :'b');
select is(pg_temp.counters(:'a'), '{0,0,0,0,0,0,0}', 'all deleted, all zero');

-- Statements that touch nothing.
select pg_temp.revision(:'other') as before \gset
update jobs set status = 'failed' where false;
delete from jobs where false;
insert into jobs select * from jobs where false;
update jobs set preview_uri = 'blob:x' where batch_id = :'other';
select is(pg_temp.revision(:'other'), :before, 'statements that move no counter leave the batch alone');

-- What an input was found to have moves the sum of its batch by the difference, once.
update batches set total_size = 700 where id = :'other';
update jobs set size = 100 + position where batch_id = :'other';
select is(total_size, 700::bigint + 303, 'a size that was not known is added to its batch')
  from batches where id = :'other';
update jobs set size = size - 1, preview_uri = 'blob:y' where batch_id = :'other';
select is(total_size, 1000::bigint, 'another size moves the sum by the difference')
  from batches where id = :'other';
update jobs set preview_uri = 'blob:z' where batch_id = :'other';
select is(total_size, 1000::bigint, 'the same size does not')
  from batches where id = :'other';
update jobs set size = null where batch_id = :'other';
update batches set total_size = 0 where id = :'other';
select throws_ok($$update jobs set sha256 = 'AB'$$, '23514', null, 'a hash is 64 lower-case hex digits');

-- Upserts run both triggers.
insert into jobs (id, batch_id, position, file_name, output_stem, source_uri, created_at)
values (pg_temp.job(:'other', 0), :'other', 0, 'f', 'f', 'u', now()),
       (pg_temp.job(:'other', 3), :'other', 3, 'f', 'f', 'u', now())
on conflict (id) do update set status = 'cancelled', completed_at = now();
select is(pg_temp.counters(:'other'), '{2,1,0,0,0,0,1}', 'an upsert counts what it inserts and what it updates');

-- The recount knows.
select pg_temp.a_batch(2) as sound \gset
select is_empty(format($$ select * from verify_batches() where batch_id = %L $$, :'sound'), 'a sound batch is not named');
alter table jobs disable trigger jobs_count_update;
select pg_temp.move(:'sound', '{0}', 'completed');
select results_eq(format($$ select counted, kept from verify_batches() where batch_id = %L $$, :'sound'),
	$$ values ('{1,0,0,0,1,0,0,2}'::int[], '{2,0,0,0,0,0,0,2}'::int[]) $$,
	'verify_batches names a batch whose counters are wrong, with both');
update jobs set status = 'queued', completed_at = null where batch_id = :'sound';
alter table jobs enable trigger jobs_count_update;
select pg_temp.a_batch(2) as short \gset
delete from jobs where batch_id = :'short' and position = 1;
select results_eq(format($$ select counted, kept from verify_batches() where batch_id = %L $$, :'short'),
	$$ values ('{1,0,0,0,0,0,0,1}'::int[], '{1,0,0,0,0,0,0,2}'::int[]) $$,
	'verify_batches names a batch that lacks a job');
update batches set deleted_at = now() where id = :'short';
delete from jobs where batch_id = :'short';
select is_empty(format($$ select * from verify_batches() where batch_id = %L $$, :'short'),
	'a deleted batch has no jobs and is sound');

-- No counter below zero, none above the files.
select throws_ok(format($$ update batches set jobs_queued = -1 where id = %L $$, :'sound'), '23514', null,
	'a counter below zero is refused');
select throws_ok(format($$ insert into jobs (id, batch_id, position, file_name, output_stem, source_uri, created_at)
	values (gen_random_uuid(), %L, 99, 'f', 'f', 'u', now()) $$, :'sound'), '23514', null,
	'more jobs than files are refused');
select throws_ok($$ insert into jobs (id, batch_id, position, file_name, output_stem, source_uri, created_at)
	values (gen_random_uuid(), gen_random_uuid(), 0, 'f', 'f', 'u', now()) $$, '23503', null,
	'a job without its batch is refused');

-- queued_from never lies behind a queued job.
select pg_temp.a_batch(5) as q \gset
update batches set queued_from = 4 where id = :'q';
select pg_temp.move(:'q', '{0,1,2,3}', 'dispatched');
select is((select queued_from from batches where id = :'q'), 4, 'queued_from stands while jobs leave the queue');
update jobs set status = case position when 2 then 'queued' else 'dispatched' end, lease_until = now()
 where batch_id = :'q' and position in (2, 4);
select is((select queued_from from batches where id = :'q'), 2,
	'queued_from falls to a job that is queued again, also when no counter moves');

-- Who may look at the line may recount it.
set local role batchline_reader;
select lives_ok('select * from batchline.verify_batches()', 'a reader recounts');
reset role;
set local role batchline_projector;
select lives_ok('select * from batchline.verify_batches()', 'the projector recounts');
reset role;

select * from finish();
rollback;
