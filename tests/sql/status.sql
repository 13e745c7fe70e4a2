-- The status of a batch follows from its numbers.
\ir setup.psql
select no_plan();

create temporary table rules (says text, files int, completed int, failed int, cancelled int,
	started boolean, control text, tolerated int, error text, deleted timestamptz, status text);
insert into rules values
('nothing started is queued',                        3, 0, 0, 0, false, 'run',    null, null, null, 'queued'),
('one job started is processing',                    3, 0, 0, 0, true,  'run',    null, null, null, 'processing'),
('one open job keeps it processing',                 3, 2, 0, 0, true,  'run',    null, null, null, 'processing'),
('a failure among open jobs keeps it processing',    3, 0, 2, 0, true,  'run',    null, null, null, 'processing'),
('exceeding the tolerance never stops work',         3, 0, 2, 0, true,  'run',    0,    null, null, 'processing'),
('pause with open jobs is paused',                   3, 1, 0, 0, true,  'pause',  null, null, null, 'paused'),
('pause before the start is paused',                 3, 0, 0, 0, false, 'pause',  null, null, null, 'paused'),
('pause without open jobs shows the end',            3, 3, 0, 0, true,  'pause',  null, null, null, 'completed'),
('all completed is completed',                       3, 3, 0, 0, true,  'run',    null, null, null, 'completed'),
('all completed is completed at tolerance 0',        3, 3, 0, 0, true,  'run',    0,    null, null, 'completed'),
('some failed is partial',                           3, 2, 1, 0, true,  'run',    null, null, null, 'partial'),
('failed as many as tolerated is partial',           3, 2, 1, 0, true,  'run',    1,    null, null, 'partial'),
('more failed than tolerated is failed',             3, 1, 2, 0, true,  'run',    1,    null, null, 'failed'),
('one failed at tolerance 0 is failed',              3, 2, 1, 0, true,  'run',    0,    null, null, 'failed'),
('none completed is failed',                         3, 0, 3, 0, true,  'run',    null, null, null, 'failed'),
('none completed is failed whatever is tolerated',   3, 0, 3, 0, true,  'run',    9,    null, null, 'failed'),
('any cancelled is cancelled',                       3, 2, 0, 1, true,  'cancel', null, null, null, 'cancelled'),
('cancelled outranks failed',                        3, 0, 2, 1, true,  'cancel', 0,    null, null, 'cancelled'),
('all cancelled is cancelled',                       3, 0, 0, 3, false, 'cancel', null, null, null, 'cancelled'),
('a cancel that still has open jobs is processing',  3, 0, 0, 1, true,  'cancel', null, null, null, 'processing'),
('what was not accepted is failed',                  0, 0, 0, 0, false, 'run',    null, 'no', null, 'failed'),
('deleted is cancelled, whatever its jobs were',     3, 0, 0, 0, true,  'cancel', null, null, now(), 'cancelled');
select is(batch_status(files, completed, failed, cancelled, started, control, tolerated, error, deleted),
	status, says) from rules;

select set_eq($$ select distinct status from rules $$,
	array['queued', 'processing', 'paused', 'completed', 'partial', 'failed', 'cancelled'],
	'every status has a rule');
select set_eq($$ select (regexp_matches(pg_get_constraintdef(oid), '''(\w+)''', 'g'))[1]
	from pg_constraint where conname = 'batches_status' $$,
	$$ select distinct status from rules $$, 'the check constraint knows the same states');
select is(provolatile::text, 'i', 'batch_status is a pure function') from pg_proc where proname = 'batch_status';

-- The same by rows.
select pg_temp.a_batch(3) as b \gset
select is(pg_temp.status(:'b'), 'queued', 'a new batch is queued');
select pg_temp.move(:'b', '{0,1}', 'dispatched');
select is(pg_temp.status(:'b'), 'queued', 'a dispatched job has not started');
select pg_temp.move(:'b', '{0}', 'processing');
select is(pg_temp.status(:'b'), 'processing', 'the first started job starts the batch');
select pg_temp.move(:'b', '{0,1}', 'queued');
select is(pg_temp.status(:'b'), 'processing', 'what once started stays started when all jobs are queued again');
update batches set control = 'pause' where id = :'b';
select is(pg_temp.status(:'b'), 'paused', 'pause shows at once');
update batches set control = 'run' where id = :'b';
select is(pg_temp.status(:'b'), 'processing', 'resume shows at once');
select is((select completed_at from batches where id = :'b'), null, 'an open batch has no completed_at');

select pg_temp.move(:'b', '{0,1}', 'completed', '2001-02-03 12:00Z');
select pg_temp.move(:'b', '{2}', 'failed', '2001-02-03 11:30Z');
select is(pg_temp.status(:'b'), 'partial', 'the last job ends the batch');
select is((select completed_at from batches where id = :'b'), '2001-02-03 12:00Z',
	'completed_at is the time of the latest fact, not of the database');

update batches set run_no = 2 where id = :'b';
select pg_temp.move(:'b', '{2}', 'queued');
select is(pg_temp.status(:'b'), 'processing', 'a retry opens it again');
select is((select completed_at from batches where id = :'b'), null, 'and clears completed_at');

update batches set deleted_at = '2001-02-03 13:00Z', control = 'cancel' where id = :'b';
delete from jobs where batch_id = :'b';
select is(pg_temp.status(:'b'), 'cancelled', 'a deleted batch is open no more');

select pg_temp.a_batch(0, settings => '{"error_code":"unknown_pipeline","error_message":"7"}') as r \gset
select is(pg_temp.status(:'r'), 'failed', 'what was not accepted is failed from its first moment');
select is((select completed_at from batches where id = :'r'), '2001-02-03 10:00Z', 'and complete at its submission');

insert into batches (id, customer_prefix, batch_date, batch_counter, base_directory_name, submitted_by,
	pipeline_id, total_files, total_pipelines, partition, payload_sha256, created_at, status, completed_at)
values ('00000000-0000-0000-0000-0000000000aa', 'PL', '2001-02-03', 77, 'PL_2001-02-03_batch-77', 't', 1, 2, 1, 0,
	sha256('x'), now(), 'completed', now());
select is(pg_temp.status('00000000-0000-0000-0000-0000000000aa'), 'queued', 'nobody can insert another status');
update batches set status = 'completed', completed_at = now() where id = '00000000-0000-0000-0000-0000000000aa';
select is(pg_temp.status('00000000-0000-0000-0000-0000000000aa'), 'queued', 'nobody can set another status');

select * from finish();
rollback;
