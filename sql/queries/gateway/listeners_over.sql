-- $1::bytea[] SHA-256 of the keys and of the sessions' tokens that listen; zeros: neither, while there is no key
-- $2::int8 seconds without use that end a session
-- Those that open nothing any more.
select l.shown
  from unnest($1::bytea[]) as l (shown)
 where not exists (select from known_keys where key_sha256 = l.shown and why_over is null)
   and not exists (select from sessions s join known_keys k on k.id = s.key_id and k.key_sha256 = s.key_sha256
		    where s.token_sha256 = l.shown and s.expires_at > now()
		      and s.used_at > now() - make_interval(secs => $2::int8) and k.why_over is null)
   and (l.shown <> decode(repeat('00', 32), 'hex') or exists (select from api_keys))
