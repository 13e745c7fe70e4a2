-- The revision of a batch rises with every visible change, and only then.
\ir setup.psql
select no_plan();

select pg_temp.a_batch(3) as b \gset
create function pg_temp.rise(batch uuid, assignment text) returns int language plpgsql as $$
declare
	before int := pg_temp.revision(batch);
begin
	execute format('update batches set %s where id = %L', assignment, batch);
	return pg_temp.revision(batch) - before;
end
$$;

select is(revision, 1::bigint, 'a batch is born with revision 1')
  from batches where id = (select pg_temp.a_batch(0, settings => '{"error_code":"no"}'));

-- Everything that BatchChanged shows.
create temporary table visible as
select * from (values ('status and counters', $$ jobs_queued = 2, jobs_cancelled = 1 $$),
	('counters back', $$ jobs_queued = 3, jobs_cancelled = 0 $$),
	('control', $$ control = 'pause' $$), ('control again', $$ control = 'run' $$), ('run_no', 'run_no = run_no + 1'),
	('the home', 'partition = 4'), ('the name', $$ base_directory_name = 'PL_DXB_2001-02-04_batch-' || batch_counter $$),
	('the description', $$ render_description = 'x' $$), ('submitted_by', $$ submitted_by = 'x' $$),
	('the pipeline', 'pipeline_id = 2'), ('the priority', 'priority = 6'), ('the tolerance', 'failures_tolerated = 1'),
	('total_size', 'total_size = 9'), ('total_pipelines', 'total_pipelines = 9'), ('the archive',
	$$ archive_uri = 'u', archive_size = 1, archive_sha256 = 's', archive_entries = 1, archive_run_no = 1 $$),
	('the Dropbox folder', $$ dropbox_directory_id = 'x' $$), ('the Monday item', $$ monday_item_id = 'x' $$),
	('the error message', $$ error_message = 'x' $$), ('an order', 'moved_at = now()'), ('deletion', 'deleted_at = now()'))
       as v (says, assignment);
select is(pg_temp.rise(:'b', assignment), 1, says || ' is visible') from visible;

-- What it does not show.
select is(pg_temp.rise(:'b', assignment), 0, assignment || ' is not visible')
  from unnest(array['revision = revision', 'status = status', 'priority = 6', 'announced_revision = 5',
	'announced_status = ''x'', announced_at = now()', 'last_fact_at = now()', 'traceparent = ''x''',
	'queued_from = 7', 'has_started = true', 'outstanding = true', 'unannounced = false',
	'status = ''queued''', 'updated_at = ''2001-01-01''', 'updated_minute = ''2001-01-01''']) assignment;

-- Every column is of one kind or the other: a new one must be decided about.
select set_eq($$ select attname::text from pg_attribute where attrelid = 'batches'::regclass and attnum > 0
	and not attisdropped $$, array['id', 'customer_prefix', 'batch_date', 'batch_counter', 'base_directory_name',
	'render_description', 'submitted_by', 'pipeline_id', 'total_files', 'total_pipelines', 'total_size', 'status',
	'jobs_queued', 'jobs_dispatched', 'jobs_processing', 'jobs_retry_wait', 'jobs_completed', 'jobs_failed',
	'jobs_cancelled', 'control', 'run_no', 'revision', 'partition', 'priority', 'failures_tolerated',
	'payload_sha256', 'archive_uri', 'archive_size', 'archive_sha256', 'archive_entries', 'archive_run_no',
	'error_code', 'error_message', 'dropbox_directory_id', 'monday_item_id', 'created_at', 'updated_at',
	'completed_at', 'deleted_at', 'has_started', 'last_fact_at', 'announced_revision', 'announced_status',
	'announced_at', 'traceparent', 'queued_from', 'outstanding', 'unannounced', 'updated_minute',
	'moved_at'],
	'the columns of a batch are the known ones');

-- Strictly up.
select pg_temp.a_batch(2) as c \gset
select is(pg_temp.rise(:'c', 'revision = revision + 10'), 10, 'a revision raised by hand stays');
select is(pg_temp.rise(:'c', 'revision = revision + 10, priority = 1'), 10, 'also with a change beside it');
select throws_ok(format('update batches set revision = 1 where id = %L', :'c'), '23514', null, 'a revision never falls');
select is(pg_temp.revision(:'c'), 22, 'it has not fallen');
select pg_temp.revision(:'c') as before \gset
select pg_temp.move(:'c', '{0,1}', 'dispatched');
select is(pg_temp.revision(:'c'), :before + 1, 'a statement over many jobs is one revision');

-- Times.
select pg_temp.a_batch(1) as t \gset
alter table batches disable trigger batches_derive;
update batches set updated_at = '2001-02-03 10:00:30Z', updated_minute = '2001-02-03 10:00Z' where id = :'t';
alter table batches enable trigger batches_derive;
update batches set announced_status = 'x' where id = :'t';
select is(updated_at, '2001-02-03 10:00:30Z', 'what is not visible leaves updated_at') from batches where id = :'t';
update batches set priority = 0 where id = :'t';
select is(updated_at, now(), 'updated_at is the time of the transaction') from batches where id = :'t';
select is(updated_minute, date_trunc('minute', now(), 'UTC'), 'and updated_minute its minute') from batches where id = :'t';

-- The projector's flags follow.
select pg_temp.a_batch(2) as f \gset
select ok(unannounced, 'a new batch is unannounced') from batches where id = :'f';
update batches set announced_revision = revision where id = :'f';
select ok(not unannounced, 'announced, it is no more') from batches where id = :'f';
select pg_temp.move(:'f', '{0}', 'dispatched');
select ok(unannounced and outstanding, 'a dispatch makes it unannounced and outstanding') from batches where id = :'f';
select pg_temp.move(:'f', '{0}', 'processing');
select ok(outstanding, 'a processing job is outstanding') from batches where id = :'f';
select pg_temp.move(:'f', '{0}', 'completed');
select ok(not outstanding, 'a completed one is not') from batches where id = :'f';

select * from finish();
rollback;
