set search_path to :"schema";
select id, status, revision, partition from batches where false;
select id, batch_id, position, status, attempt from jobs where false;
select job_id, view, uri from outputs where false;
select batch_id, service from deliveries where false;
select topic, partition, record_offset from early_facts where false;
