-- $1::text[] customers the caller may see   $2::text customer; each null: no matter
-- The last 24 hours of UTC, the oldest first; the last one is under way.
select h.hour, coalesce(sum(c.completed), 0)::bigint as jobs_completed,
       coalesce(sum(c.failed), 0)::bigint as jobs_failed, coalesce(sum(c.batches), 0)::bigint as batches
  from (select date_trunc('hour', now(), 'UTC') - n * interval '1 hour' as hour from generate_series(0, 23) n) h
  left join hour_counts c on c.hour = h.hour
   and case when $2::text is not null then c.customer_prefix = $2 and ($1::text[] is null or $2 = any ($1))
	    when $1 is not null then c.customer_prefix = any ($1)
	    else c.customer_prefix = '' end
 group by h.hour order by h.hour
