-- $1::uuid batch   $2::text[] customers the caller may see, null: all
select * from batch_items where id = $1 and ($2::text[] is null or customer_prefix = any ($2))
