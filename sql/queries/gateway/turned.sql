-- $1::uuid batch; how far commands to it have come
select control, run_no, priority, status, deleted_at is not null as is_deleted from batches where id = $1
