-- no parameters
-- What is open, and since when nothing of it has moved; what is finished and has no archive, of the last day. What
-- waits in a paused batch waits for people.
select coalesce(sum(b.jobs_queued + b.jobs_dispatched), 0)::bigint as waiting,
       coalesce(sum(b.jobs_processing), 0)::bigint as working,
       max(b.updated_at) as moved_at,
       count(*) filter (where b.updated_at < now() - interval '10 minutes') as stuck,
       (select count(*) from batches f
         where f.completed_at between now() - interval '1 day' and now() - interval '10 minutes'
           and f.jobs_completed > 0 and f.archive_run_no is distinct from f.run_no
           and f.deleted_at is null) as unarchived
  from batches b
 where b.status in ('queued', 'processing') and b.deleted_at is null
