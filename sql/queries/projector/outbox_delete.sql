-- $1::int8[] ids that Kafka acknowledged
delete from outbox where id = any ($1)
