-- $1::uuid key
-- Of many requests at the turn of a minute one writes; one that finds the row locked leaves it.
update api_keys set last_used_at = now()
 where id = (select id from api_keys
	      where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')
		for no key update skip locked)
