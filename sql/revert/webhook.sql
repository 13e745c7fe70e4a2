-- A role that another database of the cluster still needs stays.
begin;
set local search_path to :"schema", batchline_base;
revoke all on targets, delivery_ledger from batchline_webhook;
revoke all on batches, batch_items from batchline_webhook;
revoke usage on schema :"schema", batchline_base from batchline_webhook;
do $$
begin
	drop role batchline_webhook;
exception when dependent_objects_still_exist then
	null;
end
$$;
commit;
