-- $1::text[] customers the caller may see, null: all
-- What Kafka never takes, the oldest first; letters are of no customer.
select p.id, p.kind, p.batch_id, p.job_id, p.topic, p.parked_at, p.parked_why as reason
  from outbox_parked p left join batch_items b on b.id = p.batch_id
 where $1::text[] is null or b.customer_prefix = any ($1)
 order by p.id limit 1000
