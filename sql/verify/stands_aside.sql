set search_path to batchline_base;
select id, kind, parked_at, parked_why from outbox_parked where false;
