begin;
set local search_path to :"schema";
drop table early_facts, deliveries, outputs, jobs, batches;
drop schema :"schema";
commit;
