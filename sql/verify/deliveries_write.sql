select id, base_directory_name, no_replay, no_skip from :"schema".delivery_items where false;
select 1 / has_function_privilege('batchline_gateway', 'batchline_base.deliveries_replay(uuid[])', 'execute')::int;
select 1 / (not has_function_privilege('batchline_reader', 'batchline_base.deliveries_replay(uuid[])', 'execute'))::int;
select 1 / (not has_function_privilege('batchline_reader', 'batchline_base.deliveries_skip(uuid[], text)', 'execute'))::int;
select 1 / (not has_table_privilege('batchline_gateway', 'batchline_base.delivery_ledger', 'update'))::int;
select 1 / has_column_privilege('batchline_gateway', 'batchline_base.targets', 'test_asked_at', 'update')::int;
