select 1 / has_table_privilege('batchline_projector', :'schema' || '.jobs', 'update')::int;
select 1 / (not has_table_privilege('batchline_gateway', :'schema' || '.jobs', 'update'))::int;
select 1 / has_table_privilege('batchline_reader', :'schema' || '.batch_overview', 'select')::int;
