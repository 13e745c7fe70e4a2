-- $1::uuid batch
-- Whose it was: a tombstone does not say, and only those may hear of it that could see it.
select customer_prefix, batch_date, batch_counter from batches where id = $1::uuid
