-- From where each act came, and who may read the acts.
begin;
set local search_path to batchline_base;
alter table audit add column source text;
comment on column audit.source is 'the address that asked; through a proxy: "PROXY for ADDRESS", as the proxy tells';
create index audit_actor on audit (actor, id);
create index audit_action on audit (action, id);
grant select on audit to batchline_gateway;
commit;
