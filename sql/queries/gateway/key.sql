-- $1::bytea SHA-256 of the key; a row for each customer it is limited to, one with null for none
-- Why it opens nothing, null: it does. Whether its use is to be written: once a minute, and not a
-- transaction for each request.
select k.name, 'read' = any (k.scopes), 'submit' = any (k.scopes), 'operate' = any (k.scopes),
       c.prefix, k.customers is not null,
       k.last_used_at is null or k.last_used_at < now() - interval '1 minute', k.id, k.expires_at,
       case when k.revoked_at is not null then 'it was revoked'
	    when k.expires_at <= now() then 'its time is over' end
  from api_keys k left join lateral unnest(k.customers) as c (prefix) on true
 where k.key_sha256 = $1
