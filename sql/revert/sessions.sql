begin;
drop table batchline_base.sessions;
commit;
