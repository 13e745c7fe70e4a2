begin;
set local search_path to :"schema", batchline_base;
drop function deliveries_found(text[], uuid[], text, text, text, text, uuid, text);
drop view delivery_items;
drop function deliveries_replay(uuid[]), deliveries_skip(uuid[], text);
revoke update (test_asked_at) on targets from batchline_gateway;
drop index delivery_ledger_newest;
commit;
