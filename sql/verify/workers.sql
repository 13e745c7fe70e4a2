set search_path to :"schema", batchline_base;
select worker from jobs where false;
