begin;
set local search_path to batchline_base;
drop function fence, allocate_names;
commit;
