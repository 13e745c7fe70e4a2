set search_path to batchline_base;
select lane, failures, test_asked_at, test_said_at, test_well, test_code, test_words from targets where false;
select link from delivery_states where false;
select 1 / has_table_privilege('batchline_dropbox', :'schema' || '.batch_items', 'select')::int;
select 1 / (not has_table_privilege('batchline_monday', :'schema' || '.batches', 'update'))::int;
select 1 / has_table_privilege('batchline_webhook', 'batchline_base.delivery_ledger', 'update')::int;
select 1 / (target_defect('dropbox', '{"secret": "one", "folder": "/renders"}') is null)::int;
select 1 / (target_defect('monday', '{"secret": "one", "board": "1", "columns": {"key": "text"}}') is null)::int;
