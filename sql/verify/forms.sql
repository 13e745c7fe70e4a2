set search_path to :"schema", batchline_base;
select * from batches_found(null, null, null, null, null, '%a%') limit 0;
select 1 / count(*) from pg_index where indexrelid = 'batches_text'::regclass
   and pg_get_indexdef(indexrelid) ~* 'normalize';
