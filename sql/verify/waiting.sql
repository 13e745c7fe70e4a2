set search_path to :"schema", batchline_base;
select 'batches_waiting'::regclass;
