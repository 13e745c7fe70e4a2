-- Who may do what with the projection. The projector alone writes it; the renderer has no role.
begin;
set local search_path to :"schema", batchline_base;

grant usage on schema :"schema"
	to batchline_projector, batchline_archiver, batchline_gateway, batchline_janitor, batchline_reader;
grant select, insert, update, delete on jobs, outputs, deliveries, early_facts to batchline_projector;
grant select, insert, update on batches to batchline_projector;
grant select on batches, jobs, outputs to batchline_archiver;
grant select on batches, jobs to batchline_janitor;
grant select on batches, jobs, outputs, deliveries to batchline_gateway;
grant select on all tables in schema :"schema" to batchline_reader;

revoke execute on function verify_batches from public;
grant execute on function verify_batches to batchline_projector, batchline_reader;
commit;
