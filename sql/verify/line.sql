select 1 / has_table_privilege('batchline_gateway', 'batchline_base.consumer_offsets', 'select')::int;
