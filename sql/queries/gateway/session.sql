-- $1::bytea SHA-256 of the token   $2::int8 seconds without use that end it
-- The columns of key.sql, of its key, and then whether its own use is to be written.
select k.name, 'read' = any (k.scopes) as may_read, 'submit' = any (k.scopes) as may_submit,
       'operate' = any (k.scopes) as may_operate,
       c.prefix as customer, k.customers is not null as is_limited,
       k.last_used_at is null or k.last_used_at < now() - interval '1 minute' as is_stale, k.id,
       least(k.expires_at, s.expires_at) as expires_at,
       case when k.revoked_at is not null then 'its API key was revoked'
	    when k.expires_at <= now() then 'the time of its API key is over'
	    when k.key_sha256 <> s.key_sha256 then 'its API key was changed for another'
	    when s.expires_at <= now() then 'it has lasted as long as one may'
	    when s.used_at <= now() - make_interval(secs => $2::int8) then 'it was not used for long' end as why_over,
       s.used_at < now() - interval '1 minute' as session_is_stale
  from sessions s join api_keys k on k.id = s.key_id left join lateral unnest(k.customers) as c (prefix) on true
 where s.token_sha256 = $1
