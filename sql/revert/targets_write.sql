begin;
drop view batchline_base.target_items;
drop index batchline_base.delivery_ledger_failed;
revoke all on batchline_base.targets from batchline_gateway;
commit;
