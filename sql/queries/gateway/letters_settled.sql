-- $1::text topic   $2::int partition   $3::bigint from this offset on   $4::bigint up to it, without
-- The letters of a window that somebody dealt with, in their order.
select letter_offset, written_at, state, reason, actor, settled_at
  from settled_letters
 where topic = $1 and partition = $2 and letter_offset >= $3 and letter_offset < $4
 order by letter_offset
