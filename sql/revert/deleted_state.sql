begin;
set local search_path to :"schema", batchline_base;
drop view deliverable_batches;
delete from delivery_ledger where state = 'deleted';
update targets set states = array_remove(states, 'deleted') where 'deleted' = any (states) and states <> '{deleted}';
delete from targets where states = '{deleted}';
alter table targets drop constraint targets_deleted, drop constraint targets_states,
	add constraint targets_states check (states <> '{}'
		and states <@ array['queued', 'processing', 'completed', 'partial', 'failed', 'cancelled']);
create or replace function batchline_base.state_place(state text) returns int language sql immutable as $$
	select case state when 'queued' then 0 when 'processing' then 1 else 2 end
$$;
commit;
