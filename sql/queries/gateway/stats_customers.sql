-- $1::text[] customers the caller may see, null: all; the busiest first
select customer_prefix, count(*)
  from batch_items where $1::text[] is null or customer_prefix = any ($1)
 group by customer_prefix order by 2 desc, 1
