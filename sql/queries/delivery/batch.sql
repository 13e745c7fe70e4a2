-- $1::uuid batch
select * from deliverable_batches where id = $1
