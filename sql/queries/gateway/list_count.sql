-- $1::text[] customers the caller may see   $2::text[] statuses   $3::text customer
-- $4::date from   $5::date to   $6::uuid[] ids of a search   $7::int counter of a name; each null: no matter
-- What words or a name find is counted one by one; the rest: list_total.
select count(*) from batches_found($1::text[], $2::text[], $3::text, $4::date, $5::date, $6::uuid[], $7::int)
