begin;
set local search_path to :"schema", batchline_base;
alter table jobs drop column worker;
commit;
