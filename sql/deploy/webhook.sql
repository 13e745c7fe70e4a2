-- The role of the service that delivers to webhooks: it reads batches and writes the ledger.
begin;
do $$
begin
	create role batchline_webhook login;
exception when duplicate_object or unique_violation then
	null;
end
$$;
alter role batchline_webhook set search_path to batchline, batchline_base;
alter role batchline_webhook set lock_timeout to '2s';
alter role batchline_webhook set statement_timeout to '30s';
alter role batchline_webhook set idle_in_transaction_session_timeout to '20s';

set local search_path to :"schema", batchline_base;
grant usage on schema :"schema", batchline_base to batchline_webhook;
grant select on batches, batch_items to batchline_webhook;
grant select, update (enabled, attention, attention_at, held_until) on targets to batchline_webhook;
grant select, insert, update on delivery_ledger to batchline_webhook;
commit;
