-- $1::text[] topics   $2::bigint[] partitions   $3::bigint[] from these offsets on   $4::bigint[] up to them, without
-- How many of the letters that there still are somebody dealt with.
select count(*)
  from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) as lane (topic, partition, low, high)
  join settled_letters s on s.topic = lane.topic and s.partition = lane.partition
       and s.letter_offset >= lane.low and s.letter_offset < lane.high
