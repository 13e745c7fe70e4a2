-- $1::uuid[] deliveries   $2::text who wants it
select deliveries_skip from deliveries_skip($1, $2)
