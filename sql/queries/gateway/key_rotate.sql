-- $1::text name   $2::text open start of the new key   $3::bytea its SHA-256   $4::int8 seconds that the old one goes on
-- Without any the old one is none from now on; one before it is none in any case. One that was revoked stays so.
update api_keys set key_prefix = $2, key_sha256 = $3, rotated_at = now(),
       old_key_sha256 = case when $4 > 0 then key_sha256 end,
       old_key_expires_at = case when $4 > 0 then now() + make_interval(secs => $4) end
 where name = $1 and revoked_at is null
