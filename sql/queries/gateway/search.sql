-- $1::text pattern   $2::int most
-- One text more than most: it finds too much.
select * from batches_searched($1::text, $2::int)
