begin;
set local search_path to batchline_base;
drop view outbox_parked;
alter table outbox drop column parked_at, drop column parked_why;
commit;
