-- What a statement would see just now: two that are equal see the same rows. Of which server, too, since
-- another that took over counts its transactions anew.
select pg_current_snapshot()::text || ' ' || extract(epoch from pg_postmaster_start_time())::text
