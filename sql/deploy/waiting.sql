-- Dispatch looks at the batches of each customer that wait, in the order in which they are served, and
-- goes from one customer to the next by the same index.
begin;
set local search_path to :"schema", batchline_base;
-- Its collation and "is true" keep other indexes out: a plan is made once, maybe on empty tables (decision 4).
create index batches_waiting on batches (customer_prefix collate "C", priority desc, created_at, id)
 where (status in ('queued', 'processing') and control = 'run') is true;
drop index batches_open;
commit;
