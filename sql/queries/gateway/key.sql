-- $1::bytea SHA-256 of the key; a row for each customer it is limited to, one with null for none
-- Why it opens nothing, null: it does. Whether its use is to be written: once a minute, and not a
-- transaction for each request.
select k.name, 'read' = any (k.scopes) as may_read, 'submit' = any (k.scopes) as may_submit,
       'operate' = any (k.scopes) as may_operate,
       c.prefix as customer, k.customers is not null as is_limited,
       k.last_used_at is null or k.last_used_at < now() - interval '1 minute' as is_stale, k.id, k.expires_at,
       k.why_over
  from known_keys k left join lateral unnest(k.customers) as c (prefix) on true
 where k.key_sha256 = $1
