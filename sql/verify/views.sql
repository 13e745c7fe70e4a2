set search_path to :"schema";
select from batch_overview where false;
select from job_overview where false;
select from delivery_overview where false;
select from customer_totals where false;
select from day_totals where false;
select from status_totals where false;
select from backlog where false;
select from failures where false;
