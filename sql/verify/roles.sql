select 1 / (count(*) = 5)::int from pg_roles
 where rolname in ('batchline_projector', 'batchline_archiver', 'batchline_gateway',
                   'batchline_janitor', 'batchline_reader')
   and rolcanlogin and not rolsuper and not rolcreatedb and not rolcreaterole;
