-- $1::int calls at most   $2::int calls of one target at most   $3::int seconds until one counts as lost
-- What is due, the oldest first; no batch is told two things at once to one target. Who comes second
-- finds next_try_at moved.
update delivery_ledger l
   set phase = 'called', attempts = l.attempts + 1, next_try_at = now() + make_interval(secs => $3)
  from targets t
 where t.id = l.target_id and l.phase in ('intent', 'called') and l.next_try_at <= now()
   and l.id in (
	select due.id
	  from targets c cross join lateral (
		select o.id, o.next_try_at from delivery_ledger o
		 where o.target_id = c.id and o.phase in ('intent', 'called') and o.next_try_at <= now()
		   and not exists (select from delivery_ledger other
			where other.target_id = o.target_id and other.batch_id = o.batch_id
			  and other.phase = 'called' and other.next_try_at > now())
		 order by o.next_try_at
		 limit greatest(0, $2 - (select count(*) from delivery_ledger busy
			where busy.target_id = c.id and busy.phase = 'called' and busy.next_try_at > now()))
	       ) due
	 where c.service = 'webhook' and c.enabled and c.attention is null
	   and coalesce(c.held_until <= now(), true)
	 order by due.next_try_at limit $1)
returning l.id, l.batch_id, l.run_no, l.state, l.attempts, t.name, t.settings ->> 'url',
       t.settings ->> 'secret'
