-- $1::uuid batch; outputs go with their jobs
delete from jobs where batch_id = $1
