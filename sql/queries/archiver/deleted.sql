-- $1::uuid batch
-- Asked again when the archive lies there: a delete may have overtaken it.
select 1 from batches where id = $1 and deleted_at is not null
