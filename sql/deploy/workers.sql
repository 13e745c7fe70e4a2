-- Who has a job in work, or had it last: the fact says so.
begin;
set local search_path to :"schema", batchline_base;
alter table jobs add column worker text;
comment on column jobs.worker is 'who took its last attempt up: host and process; null until somebody has';
commit;
