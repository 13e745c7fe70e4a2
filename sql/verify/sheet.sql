select 1 / has_table_privilege('batchline_archiver', 'batchline_base.pipelines', 'select')::int;
