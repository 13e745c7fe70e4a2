-- $1::text[] customers the caller may see   $2::text[] statuses   $3::text customer
-- $4::date from   $5::date to   $6::text pattern; each null: no matter
-- $7::bigint rows   $8::bigint rows to skip   $9::uuid id of the row before, null: from the start
-- $10::bigint its total_size
select b.* from batches_found($1::text[], $2::text[], $3::text, $4::date, $5::date, $6::text) b
 where $9::uuid is null or (b.total_size, b.id) > ($10::bigint, $9)
 order by b.total_size asc, b.id asc limit $7::bigint offset $8::bigint
