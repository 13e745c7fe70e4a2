begin;
set local search_path to batchline_base;
drop view known_keys;
alter table api_keys drop old_key_sha256, drop old_key_expires_at;
commit;
