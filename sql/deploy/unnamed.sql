-- The janitor asks what names an input, and how far the projection is.
begin;
set local search_path to batchline_base;
grant select on pipelines, consumer_offsets to batchline_janitor;
commit;
