-- $1::uuid[] batches of the turn
select id, payload_sha256, partition, deleted_at is not null from batches where id = any ($1)
