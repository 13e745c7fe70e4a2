select 1 / has_table_privilege('batchline_webhook', :'schema' || '.deliverable_batches', 'select')::int;
select 1 / (batchline_base.state_place('deleted') = 3)::int;
