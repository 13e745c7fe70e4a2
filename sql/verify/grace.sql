select id, name, scopes, customers, last_used_at, key_sha256, expires_at, why_over from batchline_base.known_keys where false;
select 1 / has_table_privilege('batchline_gateway', 'batchline_base.known_keys', 'select')::int;
select 1 / (not has_table_privilege('batchline_gateway', 'batchline_base.known_keys', 'update'))::int;
select 1 / has_column_privilege('batchline_gateway', 'batchline_base.api_keys', 'old_key_expires_at', 'update')::int;
