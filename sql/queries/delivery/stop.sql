-- $1::uuid delivery   $2::int attempt   $3::text code   $4::text words   $5::bool the target is gone
-- A person has to look at the target. The attempt does not count; what is due waits. A target that
-- is gone is switched off, and this delivery has failed.
with settled as (
	update delivery_ledger
	   set phase = case when $5 then 'failed' else 'intent' end,
	       settled_at = case when $5 then now() end,
	       attempts = attempts - case when $5 then 0 else 1 end,
	       next_try_at = now(), error_code = $3, error_message = $4
	 where id = $1 and attempts = $2 and phase = 'called'
	returning target_id)
update targets t
   set attention = $3 || ': ' || $4, attention_at = now(), enabled = t.enabled and not $5
  from settled s where t.id = s.target_id
