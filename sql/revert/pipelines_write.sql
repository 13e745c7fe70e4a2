begin;
set local search_path to batchline_base;
revoke insert (name, definition), update (enabled, disabled_at) on pipelines from batchline_gateway;
alter table pipelines alter id drop default, drop disabled_at;
drop function pipeline_next;
drop sequence pipelines_id;
drop index pipelines_name;
-- Versions are pipelines of their own again.
update pipelines p set name = format('%s (%s)', name, id)
 where exists (select from pipelines o where o.name = p.name and o.id > p.id);
alter table pipelines add unique (name);
commit;
