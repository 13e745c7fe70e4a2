-- The gateway tells how far the projection is.
begin;
set local search_path to batchline_base;
grant select on consumer_offsets to batchline_gateway;
commit;
