-- $1::bytea SHA-256 of the token   $2::int8 seconds without use that end it
-- The columns of key.sql, of the key that was shown, and then whether its own use is to be written.
select a.name, 'read' = any (a.scopes) as may_read, 'submit' = any (a.scopes) as may_submit,
       'operate' = any (a.scopes) as may_operate,
       c.prefix as customer, a.customers is not null as is_limited,
       a.last_used_at is null or a.last_used_at < now() - interval '1 minute' as is_stale, a.id,
       least(k.expires_at, s.expires_at) as expires_at,
       case when k.id is null then 'its API key was changed for another'
	    when k.why_over is not null then 'its API key opens nothing any more: ' || k.why_over
	    when s.expires_at <= now() then 'it has lasted as long as one may'
	    when s.used_at <= now() - make_interval(secs => $2::int8) then 'it was not used for long' end as why_over,
       s.used_at < now() - interval '1 minute' as session_is_stale
  from sessions s
  join api_keys a on a.id = s.key_id
  left join known_keys k on k.id = s.key_id and k.key_sha256 = s.key_sha256
  left join lateral unnest(a.customers) as c (prefix) on true
 where s.token_sha256 = $1
