begin;
set local search_path to :"schema";
drop view failures, backlog, status_totals, day_totals, customer_totals, delivery_overview,
	job_overview, batch_overview;
commit;
