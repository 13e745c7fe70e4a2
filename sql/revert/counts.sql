begin;
set local search_path to :"schema", batchline_base;
drop trigger batches_count_insert on batches;
drop trigger batches_count_update on batches;
drop trigger batches_count_delete on batches;
drop trigger batches_count_truncate on batches;
drop function batches_count(), batches_uncount(), batches_counted(text[], text[], text, date, date, boolean);

drop function verify_batches();
alter function verify_jobs() rename to verify_batches;
comment on function verify_batches is 'Recounts: every batch whose counters differ from its rows. Always empty.';
drop view batch_recounts;
drop table batch_counts;
commit;
