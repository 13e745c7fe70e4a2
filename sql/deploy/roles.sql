-- One role a service; the renderer has none. Roles belong to the cluster: a second database finds
-- them there. None may wait for ever, and who only reads cannot write by mistake.
begin;
create function pg_temp.set_up(role text, statement text, idle text) returns void language plpgsql as $$
begin
	begin
		execute format('create role %I login', role);
	exception when duplicate_object or unique_violation then
		null;
	end;
	execute format('alter role %I set search_path to batchline, batchline_base', role);
	execute format('alter role %I set lock_timeout to ''2s''', role);
	execute format('alter role %I set statement_timeout to %L', role, statement);
	execute format('alter role %I set idle_in_transaction_session_timeout to %L', role, idle);
end
$$;
select pg_temp.set_up('batchline_projector', '30s', '20s');
select pg_temp.set_up('batchline_gateway', '10s', '10s');
select pg_temp.set_up('batchline_archiver', '60s', '60s');
select pg_temp.set_up('batchline_janitor', '60s', '20s');
select pg_temp.set_up('batchline_reader', '60s', '60s');

alter role batchline_archiver set default_transaction_read_only to on;
alter role batchline_archiver set default_transaction_isolation to 'repeatable read';
alter role batchline_reader set default_transaction_read_only to on;
-- The projector keeps its plans, also those that were made on empty tables: they must be the right
-- ones for large tables. Its statements reach rows by a key that can be neither hashed nor merged
-- (= any (array[..])), and with sequential scans out of the way only the index on it is left.
-- force_custom_plan would be no way: it plans the check of the foreign key anew for every row
-- (inserting jobs takes three times as long).
alter role batchline_projector set plan_cache_mode to force_generic_plan;
alter role batchline_projector set enable_seqscan to off;
alter role batchline_projector set jit to off;
commit;
