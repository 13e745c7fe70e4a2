-- $1::text name
update api_keys set revoked_at = now() where name = $1 and revoked_at is null
