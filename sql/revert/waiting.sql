begin;
set local search_path to :"schema", batchline_base;
create index batches_open on batches (priority desc, created_at, id) where status in ('queued', 'processing');
drop index batches_waiting;
commit;
