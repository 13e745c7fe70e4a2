-- A role that another database of the cluster still needs stays.
begin;
set local search_path to batchline_base, :"schema";
delete from targets where service <> 'webhook';
revoke batchline_delivery from batchline_webhook, batchline_dropbox, batchline_monday;
revoke all on targets, delivery_ledger, batches, batch_items from batchline_delivery;
revoke usage on schema :"schema", batchline_base from batchline_delivery;
grant usage on schema :"schema", batchline_base to batchline_webhook;
grant select on batches, batch_items to batchline_webhook;
grant select, update (enabled, attention, attention_at, held_until) on targets to batchline_webhook;
grant select, insert, update on delivery_ledger to batchline_webhook;

drop view delivery_states;
create view delivery_states as
select l.id, t.service, t.name as target, l.batch_id, l.run_no, l.state, l.phase, l.attempts,
       case when l.phase in ('intent', 'called') then l.next_try_at end as next_try_at,
       case when l.phase in ('intent', 'called') then t.attention end as attention,
       l.external_id, l.error_code, l.error_message, l.created_at, l.settled_at
  from delivery_ledger l join targets t on t.id = l.target_id;
comment on view delivery_states is 'The ledger for people.';
grant select on delivery_states to batchline_reader, batchline_gateway;
alter table delivery_ledger drop column link;
alter table targets drop constraint targets_dropbox, drop column lane, drop column failures,
	drop column test_asked_at, drop column test_said_at, drop column test_well,
	drop column test_code, drop column test_words;
comment on column targets.settings is 'webhook: {"url", "secret"}; target_defect(service, settings) says what is wrong';
drop function target_lane(uuid, text, json);

create or replace function target_defect(service text, settings json) returns text language sql immutable as $$
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
alter function target_defect(text, json) reset all;
drop function monday_defect(json);
drop function dropbox_defect(json);
drop function webhook_defect(json);
drop function setting_defect(json, text[]);
do $$
declare
	role text;
begin
	foreach role in array array['batchline_delivery', 'batchline_dropbox', 'batchline_monday'] loop
		begin
			execute format('drop role %I', role);
		exception when dependent_objects_still_exist then
			null;
		end;
	end loop;
end
$$;
commit;
