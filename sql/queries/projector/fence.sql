-- $1::text[] topics  $2::int[] partitions  $3::int8[] epochs  $4::int8[] from  $5::int8[] to  $6::int8[] stamps  $7::text group
-- First statement of every turn: raises unless this owner still has every partition.
select fence($7::text, $1, $2, $3, $4, $5, $6)
