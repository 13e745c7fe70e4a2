select 1 / has_table_privilege('batchline_webhook', :'schema' || '.batch_items', 'select')::int;
select 1 / (not has_table_privilege('batchline_webhook', :'schema' || '.batches', 'update'))::int;
select 1 / has_table_privilege('batchline_webhook', 'batchline_base.delivery_ledger', 'update')::int;
select 1 / (not has_table_privilege('batchline_webhook', 'batchline_base.targets', 'insert'))::int;
