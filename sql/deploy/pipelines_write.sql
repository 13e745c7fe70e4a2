-- People make pipelines and switch them off through the gateway. A name may have versions: each is a
-- row of its own, and the newest enabled one, which has the highest id, is what the name means.
begin;
set local search_path to batchline_base;
alter table pipelines drop constraint pipelines_name_key;
create index pipelines_name on pipelines (name, id);
alter table pipelines add disabled_at timestamptz;
comment on column pipelines.disabled_at is 'what was submitted before is still taken; null: nothing is, unless enabled';

-- One id after another, above those that were given by hand, and none twice.
create sequence pipelines_id as int owned by pipelines.id;
create function pipeline_next() returns int language plpgsql security definer
set search_path = batchline_base, pg_temp as $$
begin
	perform pg_advisory_xact_lock('pipelines'::regclass::oid::bigint);
	return (select setval('pipelines_id', greatest(nextval('pipelines_id'), max(id) + 1)) from pipelines);
end
$$;
comment on function pipeline_next is 'The id of a new pipeline; who makes others waits for the end of the transaction.';
alter table pipelines alter id set default pipeline_next();

revoke execute on function pipeline_next from public;
grant execute on function pipeline_next to batchline_gateway;
grant insert (name, definition), update (enabled, disabled_at) on pipelines to batchline_gateway;
commit;
