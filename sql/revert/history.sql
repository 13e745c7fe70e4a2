begin;
set local search_path to :"schema", batchline_base;
drop trigger batches_recall on batches;
drop function batches_recall();
drop table batch_history;
alter table batches drop column moved_at;
commit;
