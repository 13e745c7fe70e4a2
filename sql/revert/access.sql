begin;
set local search_path to :"schema";
grant execute on function verify_batches to public;
revoke all on function verify_batches from batchline_projector, batchline_reader;
revoke all on all tables in schema :"schema" from batchline_projector, batchline_archiver,
	batchline_gateway, batchline_janitor, batchline_reader;
revoke usage on schema :"schema" from batchline_projector, batchline_archiver,
	batchline_gateway, batchline_janitor, batchline_reader;
commit;
