set search_path to :"schema", batchline_base;
select moved_at from batches where false;
select batch_id, id, at, what, run_no, jobs_completed, jobs_failed, jobs_cancelled from batch_history where false;
select 1 / has_table_privilege('batchline_gateway', 'batch_history', 'select')::int;
