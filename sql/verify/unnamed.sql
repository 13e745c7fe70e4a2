select 1 / has_table_privilege('batchline_janitor', 'batchline_base.pipelines', 'select')::int;
select 1 / has_table_privilege('batchline_janitor', 'batchline_base.consumer_offsets', 'select')::int;
