-- $1::uuid batch
select * from batch_items where id = $1
