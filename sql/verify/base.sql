select id, name, definition, enabled from batchline_base.pipelines where false;
select grp, topic, partition, next_offset, epoch from batchline_base.consumer_offsets where false;
select id, kind, partition, batch_id, job_id, revision, attempt, payload from batchline_base.outbox where false;
select batch_id, batch_counter from batchline_base.batch_names where false;
