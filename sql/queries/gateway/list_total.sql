-- $1::text[] customers the caller may see   $2::text[] statuses   $3::text customer
-- $4::date from   $5::date to; each null: no matter
-- What batches_counted() says, spelled out: a function's text would be read anew for each page.
select coalesce(sum(c.batches), 0)::bigint
  from batch_counts c
 where case when $3::text is not null then c.customer_prefix = $3 and ($1::text[] is null or $3 = any ($1))
	    when $1::text[] is not null then c.customer_prefix = any ($1)
	    else c.customer_prefix = '' end
   and case when $4::date is null and $5::date is null then c.batch_date = '-infinity'
	    else c.batch_date between coalesce($4, '4713-01-01 BC') and coalesce($5, 'infinity') end
   and ($2::text[] is null or c.status = any ($2))
