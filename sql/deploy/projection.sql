-- The projection: every row here is derived from the events and can be made again from them. The
-- schema's name is a variable, so that a rebuild grows beside the live one (batchline_next).
--
-- An index that covers or mentions a column makes every change of that column write to all indexes
-- of the table. So jobs have none over status or lease_until (measured: updates at half the speed),
-- and batches none over a counter or a revision: flags that seldom turn stand for them.
begin;
create schema :"schema";
set local search_path to :"schema", batchline_base, public;
comment on schema :"schema" is 'The projection: what the events say, as rows. Written by the projector alone.';

create table batches (
	id                    uuid primary key,
	customer_prefix       text not null,
	batch_date            date not null,
	batch_counter         int not null,
	base_directory_name   text not null,
	render_description    text,
	submitted_by          text not null,
	pipeline_id           int not null,
	total_files           int not null,
	total_pipelines       int not null,
	total_size            bigint not null default 0,
	status                text not null default 'queued',
	jobs_queued           int not null default 0,
	jobs_dispatched       int not null default 0,
	jobs_processing       int not null default 0,
	jobs_retry_wait       int not null default 0,
	jobs_completed        int not null default 0,
	jobs_failed           int not null default 0,
	jobs_cancelled        int not null default 0,
	control               text not null default 'run',
	run_no                int not null default 1,
	revision              bigint not null default 1,
	partition             int not null,
	priority              int not null default 5,
	failures_tolerated    int,
	payload_sha256        bytea not null,
	archive_uri           text,
	archive_size          bigint,
	archive_sha256        text,
	archive_entries       int,
	archive_run_no        int,
	error_code            text,
	error_message         text,
	dropbox_directory_id  text,
	monday_item_id        text,
	created_at            timestamptz not null,
	updated_at            timestamptz not null default now(),
	completed_at          timestamptz,
	deleted_at            timestamptz,
	has_started           boolean not null default false,
	last_fact_at          timestamptz,
	announced_revision    bigint not null default 0,
	announced_status      text,
	announced_at          timestamptz,
	traceparent           text,
	queued_from           int not null default 0,
	outstanding           boolean not null default false,
	unannounced           boolean not null default true,
	updated_minute        timestamptz not null default now(),
	unique (customer_prefix, batch_date, batch_counter),
	constraint batches_status check (status in
		('queued', 'processing', 'paused', 'completed', 'partial', 'failed', 'cancelled')),
	constraint batches_control check (control in ('run', 'pause', 'cancel')),
	constraint batches_prefix check (customer_prefix ~ '^[A-Z][A-Z0-9]{0,15}(_[A-Z][A-Z0-9]{0,15}){0,3}$'),
	constraint batches_name check (starts_with(base_directory_name, customer_prefix || '_')
		and base_directory_name like '%\_batch-' || batch_counter),
	constraint batches_numbers check (batch_counter > 0 and run_no > 0 and revision > 0
		and partition >= 0 and priority between 0 and 9
		and (failures_tolerated >= 0 or error_code is not null)
		and total_files >= 0 and total_pipelines >= 0 and total_size >= 0 and queued_from >= 0),
	constraint batches_counters check (least(jobs_queued, jobs_dispatched, jobs_processing,
		jobs_retry_wait, jobs_completed, jobs_failed, jobs_cancelled) >= 0
		and jobs_queued + jobs_dispatched + jobs_processing + jobs_retry_wait
		+ jobs_completed + jobs_failed + jobs_cancelled <= total_files),
	constraint batches_payload check (octet_length(payload_sha256) = 32),
	constraint batches_refused check (error_code is null or total_files = 0),
	constraint batches_archive check (archive_run_no <= run_no and num_nonnulls(archive_uri,
		archive_size, archive_sha256, archive_entries, archive_run_no) in (0, 5))
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
comment on table batches is 'One row a batch. Counters, status, revision and times follow from its jobs by triggers.';
comment on column batches.batch_date is 'day of the submission, in the configured time zone';
comment on column batches.base_directory_name is 'PL_DXB_2025-11-05_batch-1: customer, date, counter';
comment on column batches.total_pipelines is 'views of its pipeline: total_files times this is the number of outputs';
comment on column batches.total_size is 'bytes of the inputs, as far as known';
comment on column batches.status is 'batch_status() of the row';
comment on column batches.control is 'what a person asked for last: run, pause or cancel';
comment on column batches.run_no is 'rises with every retry of the finished batch';
comment on column batches.revision is 'rises strictly with every visible change';
comment on column batches.partition is 'home: the partition of submissions and events that belongs to this batch';
comment on column batches.priority is '0 to 9, 9 first';
comment on column batches.failures_tolerated is 'jobs that may fail before partial becomes failed; null: any number';
comment on column batches.payload_sha256 is 'of the submission''s canonical fields: publishing twice is one batch';
comment on column batches.archive_run_no is 'the run that the archive shows';
comment on column batches.error_code is 'why the submission was not accepted';
comment on column batches.completed_at is 'time of the fact that finished it; null again when it is opened by a retry';
comment on column batches.deleted_at is 'the row stays, hidden, so that a repeated submission or a late fact finds it';
comment on column batches.has_started is 'projector''s: a job has been worked on, ever';
comment on column batches.last_fact_at is 'projector''s: time of the latest fact about a job';
comment on column batches.announced_revision is 'projector''s: the revision last put into the outbox';
comment on column batches.queued_from is 'projector''s: no job before this position is queued';
comment on column batches.outstanding is 'projector''s: a job is dispatched or processing';
comment on column batches.unannounced is 'projector''s: announced_revision is behind';
comment on column batches.updated_minute is
	'updated_at, cut: order by updated_minute desc, updated_at desc, id desc has an index, and rows keep still within the minute';

-- customer and date have the index of the unique name.
create index batches_customer on batches (customer_prefix, created_at desc, id desc);
create index batches_status on batches (status, created_at desc, id desc);
create index batches_created on batches (created_at desc, id desc);
create index batches_updated on batches (updated_minute desc);
create index batches_completed on batches (completed_at desc, id desc);
create index batches_files on batches (total_files desc, id desc);
create index batches_size on batches (total_size desc, id desc);
create index batches_name on batches (base_directory_name, id);
create index batches_date on batches (batch_date);
create index batches_text on batches using gin (base_directory_name gin_trgm_ops, render_description gin_trgm_ops);
create index batches_open on batches (priority desc, created_at, id) where status in ('queued', 'processing');
create index batches_outstanding on batches (partition) where outstanding;
create index batches_unannounced on batches (partition) where unannounced;

create table jobs (
	id               uuid primary key,
	batch_id         uuid not null references batches,
	position         int not null,
	file_name        text not null,
	output_stem      text not null,
	source_uri       text not null,
	size             bigint,
	status           text not null default 'queued',
	attempt          int not null default 1,
	first_attempt    int not null default 1,
	next_attempt_at  timestamptz,
	lease_until      timestamptz,
	error_code       text,
	error_message    text,
	preview_uri      text,
	duration_ms      int,
	created_at       timestamptz not null,
	started_at       timestamptz,
	completed_at     timestamptz,
	unique (batch_id, position),
	constraint jobs_status check (status in ('queued', 'dispatched', 'processing', 'retry_wait',
		'completed', 'failed', 'cancelled')),
	constraint jobs_numbers check (position >= 0 and attempt >= first_attempt and first_attempt > 0
		and size >= 0 and duration_ms >= 0),
	constraint jobs_wake check (case status
		when 'retry_wait' then next_attempt_at is not null
		when 'dispatched' then lease_until is not null
		when 'processing' then lease_until is not null
		else true end)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
create index jobs_due on jobs (next_attempt_at) where next_attempt_at is not null;
comment on table jobs is 'One row an input file. A change moves the counters of its batch by the difference.';
comment on column jobs.position is 'place in the submission, from 0';
comment on column jobs.output_stem is 'start of its output names: safe, unique in the batch';
comment on column jobs.attempt is 'rises for ever; never starts again at 1';
comment on column jobs.first_attempt is 'the first attempt of this run of the batch';
comment on column jobs.next_attempt_at is 'of a job in retry_wait: when it is queued again';
comment on column jobs.lease_until is 'of a dispatched or processing job: when its renderer counts as lost';
comment on constraint jobs_wake on jobs is 'no job can fall asleep for ever';

create table outputs (
	job_id      uuid not null references jobs on delete cascade,
	batch_id    uuid not null,
	view        text not null,
	name        text not null,
	uri         text not null,
	media_type  text not null,
	width       int not null,
	height      int not null,
	size        bigint not null,
	sha256      text not null,
	crc32       bigint not null,
	attempt     int not null,
	primary key (job_id, view),
	constraint outputs_numbers check (width > 0 and height > 0 and size >= 0 and attempt > 0
		and crc32 between 0 and 4294967295),
	constraint outputs_sha256 check (sha256 ~ '^[0-9a-f]{64}$')
);
create index outputs_batch on outputs (batch_id);
comment on table outputs is 'One row a file made by one view of one job. The first accepted completion owns them.';
comment on column outputs.name is 'file name in the archive';

create table deliveries (
	batch_id       uuid not null references batches,
	run_no         int not null,
	service        text not null,
	target         text not null,
	status         text not null check (status in ('succeeded', 'failed')),
	external_id    text,
	attempts       int not null check (attempts >= 0),
	error_code     text,
	error_message  text,
	updated_at     timestamptz not null,
	primary key (batch_id, run_no, service, target)
);
comment on table deliveries is 'What one integration did with one run of one batch.';

create table early_facts (
	topic          text not null,
	partition      int not null,
	record_offset  bigint not null,
	batch_id       uuid not null,
	record_key     bytea,
	headers        bytea,
	payload        bytea not null,
	recorded_at    timestamptz not null default now(),
	primary key (topic, partition, record_offset)
);
create index early_facts_batch on early_facts (batch_id);
create index early_facts_recorded on early_facts (recorded_at);
comment on table early_facts is 'Facts whose batch is not known yet, to be applied right after its submission.';
commit;
