-- $1::uuid job   $2::text name of the output   $3::text[] customers the caller may see, null: all
select o.uri, o.media_type, o.size, o.sha256, o.name
  from outputs o join batch_items b on b.id = o.batch_id
 where o.job_id = $1 and o.name = $2 and ($3::text[] is null or b.customer_prefix = any ($3))
