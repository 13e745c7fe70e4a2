-- People make and change targets through the gateway; what services write of them stays theirs.
begin;
set local search_path to batchline_base;
grant select, delete, insert (service, name, customers, states, settings, enabled),
	update (customers, states, settings, enabled, attention, attention_at) on targets to batchline_gateway;

-- A target as it is shown: with what waits for it and what has failed.
create view target_items as
select t.id, t.service, t.name, to_json(t.customers)::text as customers, to_json(t.states)::text as states,
       t.settings::text as settings, t.enabled, t.attention, t.attention_at,
       case when t.held_until > now() then t.held_until end as held_until, t.created_at,
       (select count(*) from delivery_ledger l
	 where l.target_id = t.id and l.phase in ('intent', 'called')) as open,
       (select count(*) from delivery_ledger l where l.target_id = t.id and l.phase = 'failed') as failed
  from targets t;
comment on view target_items is 'Targets as the gateway shows them.';
create index delivery_ledger_failed on delivery_ledger (target_id) where phase = 'failed';
grant select on target_items to batchline_gateway, batchline_reader;
commit;
