-- $1::uuid batch
delete from deliveries where batch_id = $1
