-- Rows of the outbox that the broker never takes stand aside, with the reason, and hold up nothing.
begin;
set local search_path to batchline_base;
alter table outbox
	add column parked_at timestamptz,
	add column parked_why text;
comment on column outbox.parked_at is 'since when it stands aside; null: it is to be published';
comment on column outbox.parked_why is 'why the broker never takes it: librdkafka''s word';

create view outbox_parked as
select id, kind, partition, batch_id, job_id, revision, attempt, topic, octet_length(payload) as bytes,
       created_at, parked_at, parked_why
  from outbox where parked_at is not null;
comment on view outbox_parked is 'What Kafka never takes. To publish a row again: update outbox set parked_at = null.';
grant select on outbox_parked to batchline_reader, batchline_gateway;
commit;
