begin;
set local search_path to :"schema", batchline_base;
drop table failed_attempts;
commit;
