-- $1::text topic   $2::int partition
-- How far the projection is.
select next_offset from consumer_offsets where topic = $1 and partition = $2
