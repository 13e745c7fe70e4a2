-- What happened to a batch, step by step: its row alone tells no more than where it stands now.
begin;
set local search_path to :"schema", batchline_base;

-- Orders and archives have a time of their own, which the row kept nowhere: now() would be another in a rebuild.
alter table batches add column moved_at timestamptz;
comment on column batches.moved_at is 'projector''s: time of the latest order or archive';

create table batch_history (
	batch_id        uuid not null,
	id              bigint generated always as identity,
	at              timestamptz not null,
	what            text not null,
	run_no          int not null,
	jobs_completed  int not null,
	jobs_failed     int not null,
	jobs_cancelled  int not null,
	primary key (batch_id, id),
	constraint batch_history_what check (what in ('processing', 'paused', 'resumed', 'cancelling', 'retried',
		'completed', 'partial', 'failed', 'cancelled', 'archived'))
);
comment on table batch_history is
	'The states that each batch went through, one row a change. Written by a trigger; gone with the jobs of a deleted batch.';
comment on column batch_history.at is 'of the fact, order or archive that changed it';
comment on column batch_history.jobs_completed is 'with the two after it: what had become of its jobs by then';

-- Old rows are joined with new ones by a hash, whatever a first call on few rows would have planned.
create function batches_recall() returns trigger language plpgsql
set search_path from current set enable_nestloop = off as $$
begin
	insert into batch_history (batch_id, at, what, run_no, jobs_completed, jobs_failed, jobs_cancelled)
	select n.id, greatest(n.created_at, n.last_fact_at, n.moved_at),
	       case when n.archive_run_no is distinct from o.archive_run_no then 'archived'
		    when n.run_no <> o.run_no then 'retried'
		    when n.control = o.control then n.status
		    when n.control = 'pause' then 'paused'
		    when n.control = 'cancel' then 'cancelling'
		    else 'resumed' end,
	       n.run_no, n.jobs_completed, n.jobs_failed, n.jobs_cancelled
	  from new_rows n join old_rows o on o.id = n.id
	 where n.deleted_at is null and (n.status <> o.status or n.control <> o.control or n.run_no <> o.run_no
	       or n.archive_run_no is distinct from o.archive_run_no);
	if exists (select from new_rows where deleted_at is not null) then
		delete from batch_history
		 where batch_id = any (array(select id from new_rows where deleted_at is not null));
	end if;
	return null;
end
$$;
comment on function batches_recall is 'Keeps changes of state; forgets those of deleted batches.';

create trigger batches_recall after update on batches
	referencing old table as old_rows new table as new_rows
	for each statement execute function batches_recall();

-- Of what was finished before there is the end.
insert into batch_history (batch_id, at, what, run_no, jobs_completed, jobs_failed, jobs_cancelled)
select id, completed_at, status, run_no, jobs_completed, jobs_failed, jobs_cancelled from batches
 where completed_at is not null and deleted_at is null and error_code is null
 order by completed_at, id;

grant select, insert, delete on batch_history to batchline_projector;
grant select on batch_history to batchline_gateway, batchline_reader;
commit;
