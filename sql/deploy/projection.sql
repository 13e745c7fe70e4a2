-- The projection: every row here is derived from the events and can be made again from them.
begin;
create schema :"schema";
set local search_path to :"schema", batchline_base;

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
	unique (customer_prefix, batch_date, batch_counter),
	constraint batches_status check (status in
		('queued', 'processing', 'paused', 'completed', 'partial', 'failed', 'cancelled')),
	constraint batches_control check (control in ('run', 'pause', 'cancel')),
	constraint batches_prefix check (customer_prefix ~ '^[A-Z][A-Z0-9]{0,15}(_[A-Z][A-Z0-9]{0,15}){0,3}$'),
	constraint batches_priority check (priority between 0 and 9),
	constraint batches_counters check (least(jobs_queued, jobs_dispatched, jobs_processing,
		jobs_retry_wait, jobs_completed, jobs_failed, jobs_cancelled) >= 0)
) with (fillfactor = 70);
create index batches_customer on batches (customer_prefix, batch_date);
create index batches_status_at on batches (status, created_at desc, id desc);
create index batches_created on batches (created_at desc, id desc);
create index batches_updated on batches (updated_at desc, id desc);
create index batches_completed on batches (completed_at desc, id desc);
create index batches_files on batches (total_files desc, id desc);
create index batches_size on batches (total_size desc, id desc);
create index batches_name on batches (base_directory_name, id);
create index batches_date on batches (batch_date);
create index batches_waiting on batches (priority desc, created_at, id)
	where jobs_queued > 0 and control = 'run' and deleted_at is null;
create index batches_outstanding on batches (partition) where jobs_dispatched + jobs_processing > 0;
create index batches_unannounced on batches (partition) where announced_revision < revision;
comment on table batches is 'One row a batch. Counters, status, revision and times follow from its jobs by triggers.';
comment on column batches.partition is 'home: the partition of submissions and events that belongs to this batch';
comment on column batches.revision is 'rises strictly with every visible change';
comment on column batches.announced_revision is 'the revision last put into the outbox';

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
		'completed', 'failed', 'cancelled'))
) with (fillfactor = 50);
create index jobs_queued on jobs (batch_id, position) where status = 'queued';
create index jobs_due on jobs (next_attempt_at) where status = 'retry_wait';
create index jobs_leased on jobs (lease_until) where status in ('dispatched', 'processing');
comment on column jobs.attempt is 'rises for ever; never starts again at 1';
comment on column jobs.first_attempt is 'the first attempt of this run of the batch';
comment on column jobs.output_stem is 'start of its output names: safe, unique in the batch';

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
	primary key (job_id, view)
);
create index outputs_batch on outputs (batch_id);

create table deliveries (
	batch_id       uuid not null references batches,
	run_no         int not null,
	service        text not null,
	target         text not null,
	status         text not null check (status in ('succeeded', 'failed')),
	external_id    text,
	attempts       int not null,
	error_code     text,
	error_message  text,
	updated_at     timestamptz not null,
	primary key (batch_id, run_no, service, target)
);

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
comment on table early_facts is 'Facts whose batch is not known yet, to be applied right after its submission.';
commit;
