select name, last_used_at, rotated_at from batchline_base.api_keys where false;
select 1 / count(*) from pg_constraint where conname = 'api_keys_sha256';
select 1 / has_column_privilege('batchline_gateway', 'batchline_base.api_keys', 'key_sha256', 'insert')::int;
select 1 / (not has_column_privilege('batchline_gateway', 'batchline_base.api_keys', 'name', 'update'))::int;
select 1 / (not has_column_privilege('batchline_gateway', 'batchline_base.api_keys', 'scopes', 'update'))::int;
select 1 / (not has_table_privilege('batchline_gateway', 'batchline_base.api_keys', 'delete'))::int;
