-- batchline_base: what a rebuild of the projection keeps.
begin;
create schema batchline_base;
create extension if not exists pg_trgm with schema batchline_base;
set local search_path to batchline_base;
comment on schema batchline_base is 'What the events alone do not tell, or what a rebuild must not say otherwise.';

-- What is wrong with a pipeline as far as SQL can see it; null: nothing. Which operations exist
-- and what arguments they take is the renderer's to say.
create function pipeline_defect(definition json) returns text language sql immutable as $$
	select case
		when json_typeof(definition) is distinct from 'object' then 'not an object'
		when json_typeof(definition -> 'views') is distinct from 'array' then 'no array of views'
		when json_array_length(definition -> 'views') = 0 then 'no view'
		when definition ->> 'command' !~ '^[a-z0-9-]+$' then 'a command is a name in small letters'
		else (select min(case
			when json_typeof(v) <> 'object' then 'a view is not an object'
			when coalesce(v ->> 'name', '') !~ '^[a-z0-9-]+$' then 'the name of a view'
			when coalesce(v ->> 'format', '') !~ '^[a-z0-9]+$' then 'the format of a view'
			when json_typeof(v -> 'options') <> 'object' then 'the options of a view'
			when v -> 'operations' is not null and definition -> 'command' is not null
				then 'a command takes no operations'
			when json_typeof(v -> 'operations') <> 'array' then 'the operations of a view'
			when v ->> 'name' in (select w ->> 'name'
				from json_array_elements(definition -> 'views') with ordinality as o (w, at)
				where o.at < views.at) then 'two views of one name'
			else (select min('an operation') from json_array_elements(v -> 'operations') as o (op)
				where coalesce(op ->> 'operation', '') !~ '^[a-z0-9_]+$') end)
			from json_array_elements(definition -> 'views') with ordinality as views (v, at))
		end
$$;

create table pipelines (
	id          int primary key check (id > 0),
	name        text not null unique check (name <> ''),
	definition  json not null,
	enabled     boolean not null default true,
	created_at  timestamptz not null default now(),
	constraint pipelines_definition check (pipeline_defect(definition) is null)
);
comment on table pipelines is 'Named recipes: views with libvips operations, or an external command.';
comment on column pipelines.definition is
	'{"views":[{"name","operations":[{"operation",...}],"format","options":{}}]}, or "command" with views of a format alone';
comment on column pipelines.enabled is 'false: new submissions for it are refused';

create table api_keys (
	id          uuid primary key default gen_random_uuid(),
	name        text not null,
	key_prefix  text not null unique,
	key_sha256  bytea not null check (octet_length(key_sha256) = 32),
	scopes      text[] not null default '{read}',
	customers   text[],
	created_at  timestamptz not null default now(),
	expires_at  timestamptz,
	revoked_at  timestamptz,
	constraint api_keys_scopes check (scopes <@ array['read', 'submit', 'operate'] and scopes <> '{}')
);
comment on table api_keys is 'Who may use the gateway. The key itself is kept nowhere.';
comment on column api_keys.key_prefix is 'the open start of the key, to find its row';
comment on column api_keys.customers is 'customer prefixes it may see; null: all';

create table audit (
	id       bigint generated always as identity primary key,
	at       timestamptz not null default now(),
	actor    text not null,
	action   text not null,
	object   text not null,
	outcome  text not null
);
create index audit_object on audit (object, id);
comment on table audit is 'Who did what. Services can add to it and change nothing.';

create table batch_names (
	batch_id         uuid primary key,
	customer_prefix  text not null,
	batch_date       date not null,
	batch_counter    int not null check (batch_counter > 0),
	unique (customer_prefix, batch_date, batch_counter)
);
comment on table batch_names is 'Gives each batch its counter once, for ever: the order across partitions stands in no log.';

create table name_counters (
	customer_prefix  text not null,
	batch_date       date not null,
	last_counter     int not null check (last_counter > 0),
	primary key (customer_prefix, batch_date)
) with (fillfactor = 50);
comment on table name_counters is 'The highest counter of a customer and day; its row lock makes two projectors wait for each other.';

create table consumer_offsets (
	grp               text not null,
	topic             text not null,
	partition         int not null check (partition >= 0),
	next_offset       bigint not null check (next_offset >= -1),
	record_timestamp  bigint,
	epoch             bigint not null check (epoch > 0),
	owner             text,
	owner_pid         int,
	owner_start       timestamptz,
	primary key (grp, topic, partition)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
	autovacuum_vacuum_cost_delay = 0);
comment on table consumer_offsets is 'How far the projection is, moved in the transaction that moves the rows, behind a raising fence.';
comment on column consumer_offsets.next_offset is 'of the next record to apply; -1: from the beginning';
comment on column consumer_offsets.record_timestamp is 'broker''s time, ms, of the last applied record: tells a topic that was made anew';
comment on column consumer_offsets.epoch is 'rises with every claim; an owner with an older one is fenced';
comment on column consumer_offsets.owner_pid is 'server process of the owner, with owner_start: who is to be ended when it holds the row';

create table outbox (
	id          bigint generated by default as identity primary key,
	kind        text not null,
	partition   int not null,
	batch_id    uuid,
	job_id      uuid,
	revision    bigint,
	attempt     int,
	created_at  timestamptz not null default now(),
	topic       text,
	record_key  bytea,
	headers     bytea,
	payload     bytea,
	constraint outbox_kind check (case kind
		when 'batch' then batch_id is not null and revision is not null
		when 'job' then job_id is not null and attempt is not null
		when 'letter' then topic is not null
		else false end)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
	autovacuum_vacuum_cost_delay = 0);
create unique index outbox_batch on outbox (batch_id) where kind = 'batch';
create unique index outbox_job on outbox (job_id) where kind = 'job';
comment on table outbox is 'What a committed turn owes to Kafka: one row a changed batch, a dispatched job, a dead letter. Gone once acknowledged.';
comment on column outbox.partition is 'home partition: only its fenced owner adds, publishes and deletes';

grant usage on schema batchline_base to batchline_projector, batchline_archiver,
	batchline_gateway, batchline_janitor, batchline_reader;
grant select, insert, update, delete on outbox to batchline_projector;
grant select, insert, update on batch_names, name_counters, consumer_offsets to batchline_projector;
grant select on pipelines to batchline_projector, batchline_gateway, batchline_reader;
grant select on api_keys to batchline_gateway;
grant insert on audit to batchline_gateway;
grant select on consumer_offsets, outbox to batchline_reader;
commit;
