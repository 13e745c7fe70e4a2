-- Three services deliver: one role for what they share, settings of each, and what a person sees.
begin;
do $$
declare
	role text;
begin
	foreach role in array array['batchline_delivery', 'batchline_dropbox', 'batchline_monday'] loop
		begin
			execute format('create role %I login', role);
		exception when duplicate_object or unique_violation then
			null;
		end;
		execute format('alter role %I set search_path to batchline, batchline_base', role);
		execute format('alter role %I set lock_timeout to ''2s''', role);
		execute format('alter role %I set statement_timeout to ''30s''', role);
		execute format('alter role %I set idle_in_transaction_session_timeout to ''20s''', role);
	end loop;
end
$$;
set local search_path to batchline_base, :"schema";

-- ---- what is wrong with the settings of a target ----

create function setting_defect(settings json, names text[]) returns text language sql immutable as $$
	select case
		when json_typeof(settings) is distinct from 'object' then 'settings: not an object'
		when coalesce(settings ->> 'secret', '') !~ '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$'
			then 'secret: not the name of a file in BATCHLINE_SECRETS'
		else coalesce((select min(format('%s: twice', key)) from (
				select key from json_object_keys(settings) as k (key) group by key having count(*) > 1) _),
			(select min(format('%s: no such setting', key)) from json_object_keys(settings) as _ (key)
			  where key <> all (names)),
			(select min(format('%s: not a text', key)) from json_each(settings)
			  where json_typeof(value) <> 'string' and key not in ('link', 'columns', 'labels')),
			(select min(format('%s: longer than 2000 bytes', key)) from json_each_text(settings)
			  where octet_length(value) > 2000 and key not in ('columns', 'labels')))
	end
$$;
comment on function setting_defect is 'What the services'' settings have in common; null: nothing is wrong.';

create function webhook_defect(settings json) returns text language sql immutable as $$
	select case
		when coalesce(settings ->> 'url', '') !~ '^https?://[^/?#@\s]+([/?][^#\s]*)?$'
			then 'url: not https://host/path, without a user in it'
		when settings ->> 'url' !~ '^[!-~]+$'
			then 'url: not in ASCII; a host''s name of other letters in its xn-- form'
	end
$$;

create function dropbox_defect(settings json) returns text language sql immutable as $$
	select case
		when settings ->> 'folder' !~ '^(/[^/\\[:cntrl:]]{1,255})*$'
			then 'folder: not /a/path from the root, nor empty'
		when settings ->> 'content' not in ('pictures', 'archive', 'both')
			then 'content: not pictures, archive or both'
		when json_typeof(settings -> 'link') <> 'boolean' then 'link: not true or false'
		when settings ->> 'path_root' !~ '^(home|root|[0-9]{1,20})$'
			then 'path_root: not home, root or the digits of a namespace'
		when settings ->> 'member' !~ '^dbmid:[A-Za-z0-9_-]{1,200}$' then 'member: not dbmid:..'
	end
$$;

create function monday_defect(settings json) returns text language sql immutable as $$
	select case
		when coalesce(settings ->> 'board', '') !~ '^[0-9]{1,20}$' then 'board: not the digits of a board'
		when settings ->> 'group' !~ '^[A-Za-z0-9_]{1,100}$' then 'group: not the id of a group'
		when json_typeof(settings -> 'columns') is distinct from 'object' then 'columns: not an object'
		when settings -> 'columns' -> 'key' is null then 'columns.key: missing; the id of a text column'
		when json_typeof(settings -> 'labels') <> 'object' then 'labels: not an object'
		else coalesce(
			(select min(format('columns.%s: no such column', key)) from json_object_keys(settings -> 'columns') as _ (key)
			  where key not in ('key', 'status', 'files', 'failures', 'link', 'date', 'description', 'archive')),
			(select min(format('columns.%s: not the id of a column', key)) from json_each(settings -> 'columns')
			  where json_typeof(value) <> 'string' or value #>> '{}' !~ '^[A-Za-z0-9_]{1,100}$'),
			(select min(format('columns.%s: the column of another one', key)) from (
				select max(key) from json_each_text(settings -> 'columns')
				 group by value having count(*) > 1) as _ (key)),
			case when json_typeof(settings -> 'labels') = 'object' then
				(select min(format('labels.%s: not a state and its label', key)) from json_each(settings -> 'labels')
				  where key not in ('queued', 'processing', 'completed', 'partial', 'failed', 'cancelled')
				     or json_typeof(value) <> 'string' or octet_length(value #>> '{}') not between 1 and 200)
			end)
	end
$$;

create or replace function target_defect(service text, settings json) returns text
language sql immutable set search_path to batchline_base as $$
	select case service
		when 'webhook' then coalesce(setting_defect(settings, '{url,secret}'), webhook_defect(settings))
		when 'dropbox' then coalesce(setting_defect(settings, '{secret,folder,content,link,path_root,member}'),
			dropbox_defect(settings))
		when 'monday' then coalesce(setting_defect(settings, '{secret,board,group,columns,labels}'),
			monday_defect(settings))
		else 'service: not webhook, dropbox or monday'
	end
$$;

-- Targets of one lane are one to the other side: one account, one board.
create function target_lane(id uuid, service text, settings json) returns text language sql immutable as $$
	select service || ' ' || coalesce(case service
		when 'dropbox' then settings ->> 'secret'
		when 'monday' then settings ->> 'board'
	end, id::text)
$$;

-- ---- columns ----

alter table targets
	add column lane text generated always as (target_lane(id, service, settings)) stored,
	add column failures int not null default 0,
	add column test_asked_at timestamptz,
	add column test_said_at timestamptz,
	add column test_well boolean,
	add column test_code text,
	add column test_words text,
	add constraint targets_dropbox check (service <> 'dropbox'
		or states <@ array['completed', 'partial', 'failed', 'cancelled']);
comment on column targets.settings is 'target_defect(service, settings) says what is wrong';
comment on column targets.lane is 'targets that are one to the other side: an account, a board';
comment on column targets.failures is 'calls in a row that failed; from five on it rests between';
comment on column targets.test_asked_at is 'somebody wants to know whether it works; its service takes it';
comment on column targets.test_words is 'what the latest test found';

alter table delivery_ledger add column link text;
comment on column delivery_ledger.link is 'where a person sees it';

create or replace view delivery_states as
select l.id, t.service, t.name as target, l.batch_id, l.run_no, l.state, l.phase, l.attempts,
       case when l.phase in ('intent', 'called') then l.next_try_at end as next_try_at,
       case when l.phase in ('intent', 'called') then t.attention end as attention,
       l.external_id, l.error_code, l.error_message, l.created_at, l.settled_at, l.link
  from delivery_ledger l join targets t on t.id = l.target_id;

-- ---- who may do what ----

revoke all on targets, delivery_ledger, batches, batch_items from batchline_webhook;
revoke usage on schema :"schema", batchline_base from batchline_webhook;
grant usage on schema :"schema", batchline_base to batchline_delivery;
grant select on batches, batch_items to batchline_delivery;
grant select, update (enabled, attention, attention_at, held_until, failures, test_asked_at,
	test_said_at, test_well, test_code, test_words) on targets to batchline_delivery;
grant select, insert, update on delivery_ledger to batchline_delivery;
grant batchline_delivery to batchline_webhook, batchline_dropbox, batchline_monday;
commit;
