select id, customers, states, settings, held_until, open, failed from batchline_base.target_items where false;
select 1 / has_column_privilege('batchline_gateway', 'batchline_base.targets', 'enabled', 'update')::int;
select 1 / (not has_column_privilege('batchline_gateway', 'batchline_base.targets', 'name', 'update'))::int;
select 1 / (not has_table_privilege('batchline_gateway', 'batchline_base.delivery_ledger', 'update'))::int;
