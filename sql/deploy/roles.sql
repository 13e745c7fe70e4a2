-- One role a service. Roles belong to the cluster: a second database finds them there.
begin;
do $$
declare
	r text;
begin
	foreach r in array array['projector', 'archiver', 'gateway', 'janitor', 'reader'] loop
		begin
			execute format('create role batchline_%s login', r);
		exception when duplicate_object then
			null;
		end;
		execute format('alter role batchline_%s set search_path to batchline, batchline_base', r);
		execute format('alter role batchline_%s set lock_timeout to ''2s''', r);
		execute format('alter role batchline_%s set statement_timeout to ''30s''', r);
		execute format('alter role batchline_%s set idle_in_transaction_session_timeout to ''20s''', r);
	end loop;
end
$$;
-- Arrays of a turn are known when it runs: a plan made for an empty table must not stay.
alter role batchline_projector set plan_cache_mode to force_custom_plan;
commit;
