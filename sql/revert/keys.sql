begin;
set local search_path to batchline_base;
revoke insert (name, key_prefix, key_sha256, scopes, customers, expires_at),
	update (key_prefix, key_sha256, revoked_at, rotated_at, last_used_at) on api_keys from batchline_gateway;
alter table api_keys drop constraint api_keys_sha256, drop constraint api_keys_name, drop rotated_at,
	drop last_used_at, add unique (key_prefix);
commit;
