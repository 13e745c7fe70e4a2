begin;
set local search_path to batchline_base;
revoke select on audit from batchline_gateway;
drop index audit_actor, audit_action;
alter table audit drop source;
commit;
