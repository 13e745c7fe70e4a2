set search_path to :"schema", batchline_base;
select 1 / (count(*) = 0)::int from verify_batches();
select 1 / (batch_status(2, 1, 1, 0, true, 'run', null, null, null) = 'partial')::int;
select 1 / (count(*) = 4)::int from pg_trigger t
 where t.tgrelid in ('batches'::regclass, 'jobs'::regclass) and not t.tgisinternal
   and t.tgenabled = 'O';
