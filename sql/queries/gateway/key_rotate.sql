-- $1::text name   $2::text open start of the new key   $3::bytea its SHA-256
-- The old one is none from now on. One that was revoked stays so.
update api_keys set key_prefix = $2, key_sha256 = $3, rotated_at = now() where name = $1 and revoked_at is null
