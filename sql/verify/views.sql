set search_path to :"schema";
select * from batch_overview where false;
select * from job_overview where false;
select * from customer_totals where false;
