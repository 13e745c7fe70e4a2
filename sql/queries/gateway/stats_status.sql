-- $1::text[] customers the caller may see, null: all; one row a status
select status, count(*), coalesce(least(sum(total_size), 9223372036854775807), 0)::bigint, coalesce(sum(total_files), 0)::bigint,
       coalesce(sum(jobs_queued), 0)::bigint, coalesce(sum(jobs_dispatched), 0)::bigint,
       coalesce(sum(jobs_processing), 0)::bigint, coalesce(sum(jobs_retry_wait), 0)::bigint,
       coalesce(sum(jobs_completed), 0)::bigint, coalesce(sum(jobs_failed), 0)::bigint,
       coalesce(sum(jobs_cancelled), 0)::bigint
  from batch_items where $1::text[] is null or customer_prefix = any ($1) group by status
