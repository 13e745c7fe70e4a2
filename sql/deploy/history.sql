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

create function batches_recall() returns trigger language plpgsql
set search_path from current as $$
begin
	if new.deleted_at is not null then
		delete from batch_history where batch_id = new.id;
		return null;
	end if;
	insert into batch_history (batch_id, at, what, run_no, jobs_completed, jobs_failed, jobs_cancelled)
	values (new.id, greatest(new.created_at, new.last_fact_at, new.moved_at),
		case when new.archive_run_no is distinct from old.archive_run_no then 'archived'
		     when new.run_no <> old.run_no then 'retried'
		     when new.control = old.control then new.status
		     when new.control = 'pause' then 'paused'
		     when new.control = 'cancel' then 'cancelling'
		     else 'resumed' end,
		new.run_no, new.jobs_completed, new.jobs_failed, new.jobs_cancelled);
	return null;
end
$$;
comment on function batches_recall is 'Keeps a change of state; forgets those of a deleted batch.';

-- The condition is judged before the function is called: progress within a state costs next to nothing.
create trigger batches_recall after update on batches for each row
	when (old.status is distinct from new.status or old.control is distinct from new.control
	   or old.run_no is distinct from new.run_no or old.archive_run_no is distinct from new.archive_run_no
	   or old.deleted_at is distinct from new.deleted_at)
	execute function batches_recall();

-- Of what was finished before there is the end.
insert into batch_history (batch_id, at, what, run_no, jobs_completed, jobs_failed, jobs_cancelled)
select id, completed_at, status, run_no, jobs_completed, jobs_failed, jobs_cancelled from batches
 where completed_at is not null and deleted_at is null and error_code is null
 order by completed_at, id;

grant select, insert, delete on batch_history to batchline_projector;
grant select on batch_history to batchline_gateway, batchline_reader;
commit;
