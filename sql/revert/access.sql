begin;
set local search_path to :"schema", batchline_base;
revoke all on all tables in schema :"schema", batchline_base from batchline_projector,
	batchline_archiver, batchline_gateway, batchline_janitor, batchline_reader;
revoke all on function fence(text, text[], int[], bigint[], bigint[], bigint[], bigint[]),
	allocate_names(uuid[], text[], date[]) from batchline_projector;
grant execute on function fence(text, text[], int[], bigint[], bigint[], bigint[], bigint[]),
	allocate_names(uuid[], text[], date[]) to public;
revoke usage on schema :"schema", batchline_base from batchline_projector, batchline_archiver,
	batchline_gateway, batchline_janitor, batchline_reader;
commit;
