begin;
set local search_path to :"schema";
drop view customer_totals, job_overview, batch_overview;
commit;
