-- $1::uuid delivery   $2::int attempt   $3::text code   $4::text words   $5::int first wait, seconds
-- $6::int seconds after which it is given up   $7::int seconds the other side asked for, 0: none
-- $8::text what the other side calls it, when it came so far
-- The wait grows fourfold up to six hours, give or take a fifth, and is never shorter than what was
-- asked for: that holds for every call of the target. So does the circuit: a target that failed five
-- times without a success between rests, a second at first, twice as long each time, a minute at most.
with settled as (
	update delivery_ledger l
	   set phase = case when over.over then 'failed' else 'intent' end,
	       settled_at = case when over.over then now() end,
	       next_try_at = now() + greatest(make_interval(secs => $7), (0.8 + 0.4 * random())
		* least(interval '6 hours', make_interval(secs => $5) * 4 ^ least($2 - 1, 10))),
	       error_code = $3, error_message = $4, external_id = coalesce($8, l.external_id)
	  from (select o.id, o.created_at + make_interval(secs => $6) <= now() as over
		  from delivery_ledger o where o.id = $1) over
	 where l.id = over.id and l.attempts = $2 and l.phase = 'called'
	returning l.target_id)
update targets t
   set failures = t.failures + 1,
       held_until = nullif(greatest(t.held_until, now() + make_interval(secs => $7),
	case when t.failures >= 4 then now() + least(60, 2 ^ least(t.failures - 4, 10))
		* interval '1 second' end), now())
  from settled s where t.id = s.target_id
