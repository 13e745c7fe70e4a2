-- Every attempt of a job that failed is kept, with what was wrong. Jobs that succeed write nothing here.
-- No foreign key to jobs: it would be asked at every change of a job; delete_jobs.sql removes both.
begin;
set local search_path to :"schema", batchline_base;

create table failed_attempts (
	batch_id       uuid not null,
	job_id         uuid not null,
	attempt        int not null,
	run_no         int not null,
	worker         text,
	failed_at      timestamptz not null,
	error_code     text not null,
	error_message  text not null,
	retryable      boolean not null,
	duration_ms    int,
	primary key (batch_id, job_id, attempt),
	constraint failed_attempts_numbers check (attempt > 0 and duration_ms >= 0)
);
comment on table failed_attempts is
	'One row an attempt that failed: at most as many a run as a job may have, and runs are begun by people.';
comment on column failed_attempts.worker is 'who said so: host and process; null when nobody answered in time';
comment on column failed_attempts.duration_ms is 'that the attempt took; null when nobody said';

grant select, insert, delete on failed_attempts to batchline_projector;
grant select on failed_attempts to batchline_gateway, batchline_reader;
commit;
