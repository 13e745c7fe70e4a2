begin;
set local search_path to batchline_base;
drop view delivery_states;
drop table delivery_ledger, targets;
drop function state_place(text);
drop function target_defect(text, json);
commit;
