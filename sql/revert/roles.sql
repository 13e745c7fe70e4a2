-- A role that another database of the cluster still needs stays.
begin;
do $$
declare
	r text;
begin
	foreach r in array array['projector', 'archiver', 'gateway', 'janitor', 'reader'] loop
		begin
			execute format('drop role if exists batchline_%s', r);
		exception when dependent_objects_still_exist then
			null;
		end;
	end loop;
end
$$;
commit;
