-- $1::int calls at most   $2::int calls of one lane at most   $3::int seconds until one counts as lost
-- $4::text service
-- What is due, the oldest first; no batch is told two things at once to one target. Who comes second
-- finds next_try_at moved.
with busy as (
	select b.lane, count(*) as n
	  from delivery_ledger l join targets b on b.id = l.target_id
	 where b.service = $4 and l.phase = 'called' and l.next_try_at > now()
	 group by b.lane),
due as (
	select o.id, o.next_try_at, coalesce(busy.n, 0)
	       + row_number() over (partition by c.lane order by o.next_try_at, o.id) as place
	  from targets c left join busy using (lane) cross join lateral (
		select l.id, l.next_try_at from delivery_ledger l
		 where l.target_id = c.id and l.phase in ('intent', 'called') and l.next_try_at <= now()
		   and not exists (select from delivery_ledger other
			where other.target_id = l.target_id and other.batch_id = l.batch_id
			  and other.phase = 'called' and other.next_try_at > now())
		 order by l.next_try_at
		 limit $2) o
	 where c.service = $4 and c.enabled and c.attention is null
	   and coalesce(c.held_until <= now(), true))
update delivery_ledger l
   set phase = 'called', attempts = l.attempts + 1, next_try_at = now() + make_interval(secs => $3)
  from targets t
 where t.id = l.target_id and l.phase in ('intent', 'called') and l.next_try_at <= now()
   and l.id in (select due.id from due where due.place <= $2 order by due.next_try_at limit $1)
returning l.id, l.batch_id, l.run_no, l.state, l.attempts, t.id, t.name, t.settings::text,
       coalesce(l.external_id, (select o.external_id from delivery_ledger o
	where o.target_id = l.target_id and o.batch_id = l.batch_id and o.external_id is not null
	order by o.settled_at desc nulls last limit 1))
