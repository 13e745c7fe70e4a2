-- $1::text[] customers the caller may see   $2::text[] statuses   $3::text customer
-- $4::date from   $5::date to   $6::uuid[] ids of a search   $7::int counter of a name; each null: no matter
-- The busiest first.
select customer_prefix, sum(batches)::bigint as batches
  from (select customer_prefix, batches
	  from batches_counted($1::text[], $2::text[], $3::text, $4::date, $5::date, true)
	 where $6::uuid[] is null and $7::int is null
	union all
	select customer_prefix, 1 from batches_found($1, $2, $3, $4, $5, $6, $7)
	 where $6 is not null or $7 is not null) parts
 group by customer_prefix having sum(batches) > 0 order by 2 desc, 1
