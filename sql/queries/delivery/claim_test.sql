-- $1::text service
-- A test of a target that somebody asked for, for whoever sees it first.
update targets t set test_asked_at = null
 where t.id = (select o.id from targets o
	where o.service = $1 and o.test_asked_at is not null
	order by o.test_asked_at limit 1 for update skip locked)
returning t.id, t.name, t.settings::text, array_to_string(t.states, ',')
