select source from batchline_base.audit where false;
select 1 / has_table_privilege('batchline_gateway', 'batchline_base.audit', 'select')::int;
select 1 / (not has_table_privilege('batchline_gateway', 'batchline_base.audit', 'update'))::int;
select 1 / (not has_table_privilege('batchline_gateway', 'batchline_base.audit', 'delete'))::int;
