-- $1::text topic   $2::int partition   $3::bigint offset   $4::timestamptz written   $5::text state   $6::text reason   $7::text who
-- Whoever settles it again, did so knowingly.
insert into settled_letters as s (topic, partition, letter_offset, written_at, state, reason, actor)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (topic, partition, letter_offset, written_at) do update
   set state = excluded.state, reason = excluded.reason, actor = excluded.actor, settled_at = now(),
       times = s.times + 1
