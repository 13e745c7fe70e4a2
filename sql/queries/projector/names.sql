-- $1::uuid[] batches   $2::text[] prefixes   $3::date[] days
-- Gives new batches their names, for ever, before the turn that makes them.
select count(*) from allocate_names($1, $2, $3)
