-- $1::text[] customers the caller may see   $2::text[] statuses   $3::text customer
-- $4::date from   $5::date to   $6::text pattern; each null: no matter
-- $7::bigint rows   $8::bigint rows to skip   $9::uuid id of the row before, null: from the start
-- $10::text its customer   $11::date its date   $12::int its counter: what the name is made of
select b.* from batches_found($1::text[], $2::text[], $3::text, $4::date, $5::date, $6::text) b
 where $9::uuid is null
    or (b.customer_prefix, b.batch_date, b.batch_counter) < ($10::text, $11::date, $12::int)
 order by b.customer_prefix desc, b.batch_date desc, b.batch_counter desc
 limit $7::bigint offset $8::bigint
