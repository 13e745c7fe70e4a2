-- $1::text name   $2::text open start of the key   $3::bytea its SHA-256   $4::text[] scopes
-- $5::text[] customers, null: all   $6::timestamptz when it is over, null: never
-- Nothing when the name is taken.
insert into api_keys (name, key_prefix, key_sha256, scopes, customers, expires_at)
values ($1, $2, $3, $4, $5, $6) on conflict (name) do nothing
