-- $1::text name, null: all
select name, key_prefix, to_json(scopes)::text as scopes, to_json(customers)::text as customers, created_at, expires_at, revoked_at,
       rotated_at, case when old_key_expires_at > now() then old_key_expires_at end as old_key_expires_at, last_used_at,
       case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'valid' end as state
  from api_keys where $1::text is null or name = $1 order by name
