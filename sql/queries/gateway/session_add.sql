-- $1::bytea SHA-256 of the token   $2::bytea SHA-256 of the key   $3::text source
-- $4::int8 seconds it lasts   $5::int8 seconds without use that end one   $6::int8 of one key there are so many
-- Those that are over go, and of this key those least used lately. None for a key that opens nothing.
with key as (
	select id, key_sha256 from known_keys where key_sha256 = $2 and why_over is null
), gone as (
	delete from sessions
	 where expires_at <= now() or used_at <= now() - make_interval(secs => $5::int8)
	    or token_sha256 in (select token_sha256 from sessions where key_id = (select id from key)
				 order by used_at desc, made_at desc offset $6::int8 - 1)
)
insert into sessions (token_sha256, key_id, key_sha256, source, expires_at)
select $1, id, key_sha256, $3, now() + make_interval(secs => $4::int8) from key
returning expires_at
