-- Who may do what. The projector alone writes the projection; the renderer has no role at all.
begin;
set local search_path to :"schema", batchline_base;

grant usage on schema :"schema", batchline_base
	to batchline_projector, batchline_archiver, batchline_gateway, batchline_janitor, batchline_reader;
grant select, insert, update, delete on batches, jobs, outputs, deliveries, early_facts
	to batchline_projector;
grant select, insert, update, delete on outbox to batchline_projector;
grant select, insert, update on batch_names, name_counters, consumer_offsets to batchline_projector;
grant select on pipelines to batchline_projector;

grant select on batches, jobs, outputs to batchline_archiver;
grant select on batches, jobs to batchline_janitor;
grant select on batches, jobs, outputs, deliveries, pipelines, api_keys to batchline_gateway;
grant insert on audit to batchline_gateway;
grant select on batches, jobs, outputs, deliveries, batch_overview, job_overview, customer_totals,
	early_facts, pipelines, consumer_offsets, outbox to batchline_reader;

revoke execute on function fence(text, text[], int[], bigint[], bigint[], bigint[], bigint[]),
	allocate_names(uuid[], text[], date[]) from public;
grant execute on function fence(text, text[], int[], bigint[], bigint[], bigint[], bigint[]),
	allocate_names(uuid[], text[], date[]) to batchline_projector;
commit;
