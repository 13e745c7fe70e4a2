-- Where finished batches go, and what became of each delivery: rows of the operator's, and a ledger
-- of the service that delivers. A rebuild keeps both: what was sent is not sent again.
begin;
set local search_path to batchline_base;

-- What is wrong with the settings of a target; null: nothing.
create function target_defect(service text, settings json) returns text language sql immutable as $$
	select case
		when service is distinct from 'webhook' then 'no service of this name'
		when json_typeof(settings) is distinct from 'object' then 'settings: not an object'
		when coalesce(settings ->> 'url', '') !~ '^https?://[^/?#@\s]+([/?][^#\s]*)?$'
			then 'url: not https://host/path, without a user in it'
		when settings ->> 'url' !~ '^[!-~]+$' then 'url: not in ASCII; a host''s name of other letters in its xn-- form'
		when octet_length(settings ->> 'url') > 2000 then 'url: longer than 2000 bytes'
		when coalesce(settings ->> 'secret', '') !~ '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$'
			then 'secret: not the name of a file in BATCHLINE_SECRETS'
		else (select min(format('%s: no such setting', key)) from json_object_keys(settings) as _ (key)
		       where key not in ('url', 'secret'))
	end
$$;

create table targets (
	id            uuid primary key default gen_random_uuid(),
	service       text not null,
	name          text not null unique,
	customers     text[],
	states        text[] not null default '{completed,partial,failed}',
	settings      json not null,
	enabled       boolean not null default true,
	attention     text,
	attention_at  timestamptz,
	held_until    timestamptz,
	created_at    timestamptz not null default now(),
	constraint targets_name check (name ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
	constraint targets_states check (states <> '{}'
		and states <@ array['queued', 'processing', 'completed', 'partial', 'failed', 'cancelled']),
	constraint targets_settings check (target_defect(service, settings) is null)
);
comment on table targets is 'Where batches are delivered to. Secrets are named, never held.';
comment on column targets.customers is 'customer prefixes; null: all';
comment on column targets.states is 'of a batch, that are delivered';
comment on column targets.settings is 'webhook: {"url", "secret"}; target_defect(service, settings) says what is wrong';
comment on column targets.enabled is 'false: nothing is sent; what comes up waits';
comment on column targets.attention is 'why its service stopped calling it; set to null, it goes on';
comment on column targets.held_until is 'the other side asked for a pause until then';
comment on column targets.created_at is 'what was finished before is not delivered';

create table delivery_ledger (
	id            uuid primary key,
	target_id     uuid not null references targets on delete cascade,
	batch_id      uuid not null,
	run_no        int not null,
	state         text not null,
	phase         text not null default 'intent',
	attempts      int not null default 0 check (attempts >= 0),
	next_try_at   timestamptz not null default now(),
	external_id   text,
	error_code    text,
	error_message text,
	told          boolean not null default false,
	created_at    timestamptz not null default now(),
	settled_at    timestamptz,
	unique (target_id, batch_id, run_no, state),
	constraint delivery_ledger_phase check (phase in ('intent', 'called', 'done', 'failed', 'passed')),
	constraint delivery_ledger_settled check ((phase in ('intent', 'called')) = (settled_at is null))
);
create index delivery_ledger_open on delivery_ledger (target_id, next_try_at)
	where phase in ('intent', 'called');
create index delivery_ledger_untold on delivery_ledger (settled_at)
	where phase in ('done', 'failed') and not told;
create index delivery_ledger_batch on delivery_ledger (batch_id);
comment on table delivery_ledger is 'One row a batch, run, state and target: intent, call, outcome, each its own transaction.';
comment on column delivery_ledger.id is 'follows from the target, batch, run and state: the webhook-id';
comment on column delivery_ledger.phase is
	'intent: to be called at next_try_at; called: under way, lost if not settled by then; passed: the batch went on before it was sent';
comment on column delivery_ledger.told is 'its DeliverySucceeded or DeliveryFailed is acknowledged';

-- How far a state is within its run: what is behind is not sent any more.
create function state_place(state text) returns int language sql immutable as $$
	select case state when 'queued' then 0 when 'processing' then 1 else 2 end
$$;

create view delivery_states as
select l.id, t.service, t.name as target, l.batch_id, l.run_no, l.state, l.phase, l.attempts,
       case when l.phase in ('intent', 'called') then l.next_try_at end as next_try_at,
       case when l.phase in ('intent', 'called') then t.attention end as attention,
       l.external_id, l.error_code, l.error_message, l.created_at, l.settled_at
  from delivery_ledger l join targets t on t.id = l.target_id;
comment on view delivery_states is 'The ledger for people.';
grant select on targets, delivery_ledger, delivery_states to batchline_reader;
commit;
