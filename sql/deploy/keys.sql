-- People make, turn and end API keys through the gateway. A name is one key's for ever, since the
-- batches of an idempotency key are counted by it.
begin;
set local search_path to batchline_base;
update api_keys k set name = format('%s (%s)', name, id)
 where exists (select from api_keys o where o.name = k.name and (o.created_at, o.id) < (k.created_at, k.id));
alter table api_keys
	add column last_used_at timestamptz,
	add column rotated_at timestamptz,
	drop constraint api_keys_key_prefix_key,
	add constraint api_keys_name unique (name),
	add constraint api_keys_sha256 unique (key_sha256);
comment on column api_keys.name is 'whose batches and orders it makes';
comment on column api_keys.key_prefix is 'the open start of the key, for people to tell keys apart';
comment on column api_keys.last_used_at is 'to the minute';
comment on column api_keys.rotated_at is 'when the key was last changed for another';

grant insert (name, key_prefix, key_sha256, scopes, customers, expires_at),
	update (key_prefix, key_sha256, revoked_at, rotated_at, last_used_at) on api_keys to batchline_gateway;
commit;
