-- $1::uuid delivery   $2::int attempt   $3::text what the other side calls it   $4::text where it is seen
-- $5::int seconds for which the other side has no more to give, 0: none
-- A later attempt, of whoever made it, has the word. A target that was down is up again.
with settled as (
	update delivery_ledger
	   set phase = 'done', external_id = coalesce($3, external_id), link = $4, error_code = null,
	       error_message = null, settled_at = now()
	 where id = $1 and attempts = $2 and phase = 'called'
	returning target_id)
update targets t set failures = 0, held_until = now() + make_interval(secs => nullif($5, 0))
  from settled s where t.id = s.target_id and (t.failures > 0 or $5 > 0)
