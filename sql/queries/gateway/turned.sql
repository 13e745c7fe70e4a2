-- $1::uuid batch; how far commands to it have come
select control, run_no, status, deleted_at is not null from batches where id = $1
