-- A key that is changed for another may go on for a while, so that who has it is given the new one first.
-- A key and the one before it are the same key to all who ask: one view says what opens, and why not.
begin;
set local search_path to batchline_base;
alter table api_keys
	add column old_key_sha256 bytea check (octet_length(old_key_sha256) = 32),
	add column old_key_expires_at timestamptz,
	add constraint api_keys_old_key check ((old_key_sha256 is null) = (old_key_expires_at is null));
create unique index api_keys_old_sha256 on api_keys (old_key_sha256) where old_key_sha256 is not null;
comment on column api_keys.old_key_sha256 is 'of the key before this one, when it was given a while to go on';
comment on column api_keys.old_key_expires_at is 'the end of that while';

create view known_keys as
select id, name, scopes, customers, last_used_at, key_sha256, expires_at,
       case when revoked_at is not null then 'it was revoked'
	    when expires_at <= now() then 'its time is over' end as why_over
  from api_keys
 union all
select id, name, scopes, customers, last_used_at, old_key_sha256, least(expires_at, old_key_expires_at),
       case when revoked_at is not null then 'it was revoked'
	    when old_key_expires_at <= now() then 'it was changed for another'
	    when expires_at <= now() then 'its time is over' end
  from api_keys where old_key_sha256 is not null;
comment on view known_keys is 'Every key that is known, twice if the one before it is; why_over: why it opens nothing, null: it does';

grant update (old_key_sha256, old_key_expires_at) on api_keys to batchline_gateway;
grant select on known_keys to batchline_gateway;
commit;
