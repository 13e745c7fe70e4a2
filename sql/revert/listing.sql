begin;
set local search_path to :"schema";
drop function batches_found(text[], text[], text, date, date, text);
drop view batch_items;
alter role batchline_gateway reset plan_cache_mode;
commit;
