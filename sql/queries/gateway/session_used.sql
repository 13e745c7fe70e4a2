-- $1::bytea SHA-256 of the token
-- Of many requests at the turn of a minute one writes; one that finds the row locked leaves it.
update sessions set used_at = now()
 where token_sha256 = (select token_sha256 from sessions
			where token_sha256 = $1 and used_at < now() - interval '1 minute'
			  for no key update skip locked)
