-- $1::text[] customers the caller may see   $2::text[] statuses   $3::text customer
-- $4::date from   $5::date to   $6::uuid[] ids of a search   $7::int counter of a name; each null: no matter
-- One row a status. Counters know the finished ones; what is open is added up, and so is what words or a name find.
select status, sum(batches)::bigint as batches, least(sum(size), 9223372036854775807)::bigint as size,
       sum(files)::bigint as files, sum(queued)::bigint as queued, sum(dispatched)::bigint as dispatched,
       sum(processing)::bigint as processing, sum(retry_wait)::bigint as retry_wait,
       sum(completed)::bigint as completed, sum(failed)::bigint as failed, sum(cancelled)::bigint as cancelled
  from (select status, batches, size, files, 0 as queued, 0 as dispatched, 0 as processing,
	       0 as retry_wait, completed, failed, cancelled
	  from batches_counted($1::text[], $2::text[], $3::text, $4::date, $5::date, false)
	 where $6::uuid[] is null and $7::int is null
	union all
	select status, 0, total_size, 0, jobs_queued, jobs_dispatched, jobs_processing, jobs_retry_wait,
	       jobs_completed, jobs_failed, jobs_cancelled
	  from batches_found($1, $2, $3, $4, $5, null, null)
	 where $6 is null and $7 is null and status in ('queued', 'processing', 'paused')
	union all
	select status, 1, total_size, total_files, jobs_queued, jobs_dispatched, jobs_processing,
	       jobs_retry_wait, jobs_completed, jobs_failed, jobs_cancelled
	  from batches_found($1, $2, $3, $4, $5, $6, $7)
	 where $6 is not null or $7 is not null) parts
 group by status
