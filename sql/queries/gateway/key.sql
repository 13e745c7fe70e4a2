-- $1::bytea SHA-256 of the key; a row for each customer it is limited to, one with null for none
-- Whether its use is to be written: once a minute, and not a transaction for each request.
select k.name, 'read' = any (k.scopes), 'submit' = any (k.scopes), 'operate' = any (k.scopes),
       c.prefix, k.customers is not null,
       k.last_used_at is null or k.last_used_at < now() - interval '1 minute', k.id
  from api_keys k left join lateral unnest(k.customers) as c (prefix) on true
 where k.key_sha256 = $1 and k.revoked_at is null
   and (k.expires_at is null or k.expires_at > now())
