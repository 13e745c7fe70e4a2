-- A person's word about deliveries: again, or not at all; the rest of the ledger is the services'
-- own. And a target may be tested.
begin;
set local search_path to batchline_base;

grant update (test_asked_at) on targets to batchline_gateway;
create index delivery_ledger_newest on delivery_ledger (created_at desc, id desc);

-- Called, it is out of anybody's hands; attempts go on counting, so that an earlier call that comes
-- back late has no word. created_at is what the giving up counts from.
create function deliveries_replay(ids uuid[]) returns setof uuid
language sql security definer set search_path to batchline_base as $$
	update delivery_ledger
	   set phase = 'intent', settled_at = null, told = false, error_code = null, error_message = null,
	       created_at = now(), next_try_at = now()
	 where id = any (ids) and phase <> 'called'
	returning id
$$;
create function deliveries_skip(ids uuid[], who text) returns setof uuid
language sql security definer set search_path to batchline_base as $$
	update delivery_ledger
	   set phase = 'passed', settled_at = now(), error_code = 'skipped', error_message = 'by ' || who
	 where id = any (ids) and phase in ('intent', 'failed')
	returning id
$$;
comment on function deliveries_replay is 'Makes them intents again; those whose call is under way stay.';
comment on function deliveries_skip is 'They are passed over for good; a replay takes that back.';
revoke execute on function deliveries_replay, deliveries_skip from public;
grant execute on function deliveries_replay, deliveries_skip to batchline_gateway;

-- A delivery as it is shown, with why it cannot be replayed or skipped; null: it can.
set local search_path to :"schema", batchline_base;
create view delivery_items as
select l.id, t.service, t.name as target, l.batch_id, b.base_directory_name, l.run_no, l.state,
       l.phase, l.attempts, case when l.phase in ('intent', 'called') then l.next_try_at end as next_try_at,
       case when l.phase in ('intent', 'called') then t.attention end as attention, l.external_id, l.link,
       l.error_code, l.error_message, l.created_at, l.settled_at,
       case when l.phase = 'called' then 'a call is under way'
	    when b.id is null then 'its batch is not there'
	    when b.deleted_at is not null then 'its batch was deleted'
	    when b.run_no <> l.run_no then format('its batch is in run %s by now', b.run_no)
	    when b.status <> l.state then format('its batch is %s by now', b.status) end as no_replay,
       case l.phase when 'called' then 'a call is under way'
	    when 'done' then 'it is delivered'
	    when 'passed' then 'it is passed over already' end as no_skip,
       b.customer_prefix
  from delivery_ledger l join targets t on t.id = l.target_id left join batches b on b.id = l.batch_id;

-- One filter for every list and order; inlined, a null argument is no condition at all.
create function deliveries_found(customers text[], ids uuid[], target text, service text, phase text,
	state text, batch uuid, customer text)
returns setof delivery_items language sql stable as $$
	select d.* from delivery_items d
	 where ($1 is null or d.customer_prefix = any ($1))
	   and ($2 is null or d.id = any ($2))
	   and ($3 is null or d.target = $3)
	   and ($4 is null or d.service = $4)
	   and ($5 is null or d.phase = $5)
	   and ($6 is null or d.state = $6)
	   and ($7 is null or d.batch_id = $7)
	   and ($8 is null or d.customer_prefix = $8)
$$;
grant select on delivery_items to batchline_gateway, batchline_reader;
commit;
