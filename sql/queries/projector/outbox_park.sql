-- $1::int8[] ids   $2::text[] why the broker never takes them
-- They stand aside until a person has looked, and hold up nothing.
update outbox o
   set parked_at = now(), parked_why = w.why
  from unnest($1::int8[], $2::text[]) as w (id, why)
 where o.id = any (array[w.id])
