select token_sha256, key_id, key_sha256, made_at, used_at, expires_at, source from batchline_base.sessions where false;
select 1 / has_table_privilege('batchline_gateway', 'batchline_base.sessions', 'select, insert, delete')::int;
