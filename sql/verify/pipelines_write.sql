select disabled_at from batchline_base.pipelines where false;
select 1 / has_function_privilege('batchline_gateway', 'batchline_base.pipeline_next()', 'execute')::int;
select 1 / has_column_privilege('batchline_gateway', 'batchline_base.pipelines', 'enabled', 'update')::int;
select 1 / (not has_column_privilege('batchline_gateway', 'batchline_base.pipelines', 'definition', 'update'))::int;
select 1 / (not has_column_privilege('batchline_gateway', 'batchline_base.pipelines', 'id', 'insert'))::int;
