-- The archiver asks the pipeline whether the contact sheet belongs in the archive.
begin;
set local search_path to batchline_base;
grant select on pipelines to batchline_archiver;
commit;
