-- $1::text group  $2::text[] topics  $3::int[] partitions  $4::int8[] epochs  $5::int8[] from  $6::int8[] to  $7::int8[] stamps
-- First statement of every turn: raises unless this owner still has every partition.
select fence($1, $2, $3, $4, $5, $6, $7)
