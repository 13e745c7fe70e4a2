set search_path to batchline_base;
select id, name, definition, enabled, created_at from pipelines where false;
select id, key_prefix, key_sha256, scopes, customers, expires_at, revoked_at from api_keys where false;
select id, at, actor, action, object, outcome from audit where false;
select batch_id, customer_prefix, batch_date, batch_counter from batch_names where false;
select customer_prefix, batch_date, last_counter from name_counters where false;
select grp, topic, partition, next_offset, record_timestamp, epoch, owner, owner_pid, owner_start
  from consumer_offsets where false;
select id, kind, partition, batch_id, job_id, revision, attempt, created_at, topic, record_key,
       headers, payload from outbox where false;
select 1 / (pipeline_defect('{"views":[]}') is not null)::int;
