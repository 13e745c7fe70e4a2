-- Without cascade: what still leans on it has to go first. pg_trgm goes when it came with us.
begin;
set local search_path to batchline_base;
drop table outbox, consumer_offsets, name_counters, batch_names, audit, api_keys, pipelines;
drop function pipeline_defect;
do $$
begin
	if exists (select from pg_extension e join pg_namespace n on n.oid = e.extnamespace
	            where e.extname = 'pg_trgm' and n.nspname = 'batchline_base') then
		drop extension pg_trgm;
	end if;
end
$$;
drop schema batchline_base;
commit;
