-- $1::uuid batch
select 1 from batches where id = $1 and deleted_at is not null
