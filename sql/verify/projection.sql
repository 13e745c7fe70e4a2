set search_path to :"schema";
select id, customer_prefix, batch_date, batch_counter, base_directory_name, status, revision,
       partition, archive_uri, deleted_at from batches where false;
select id, batch_id, position, status, attempt, next_attempt_at, lease_until from jobs where false;
select job_id, batch_id, view, name, uri, sha256 from outputs where false;
select batch_id, run_no, service, target, status from deliveries where false;
select topic, partition, record_offset, batch_id, payload from early_facts where false;
