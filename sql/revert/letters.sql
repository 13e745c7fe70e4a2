begin;
drop table batchline_base.settled_letters;
commit;
