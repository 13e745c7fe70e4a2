-- $1::text[] customers the caller may see   $2::text[] statuses   $3::text customer
-- $4::date from   $5::date to   $6::text pattern; each null: no matter
select count(*) from batches_found($1::text[], $2::text[], $3::text, $4::date, $5::date, $6::text)
