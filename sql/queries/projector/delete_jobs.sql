-- $1::uuid batch; outputs go with their jobs, and so do attempts that failed
with attempts as (delete from failed_attempts where batch_id = $1)
delete from jobs where batch_id = $1
