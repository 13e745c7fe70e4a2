set search_path to :"schema", batchline_base;
select sha256 from jobs where false;
select 1 / (pg_get_functiondef('jobs_count_update'::regproc) like '%total_size%')::int;
