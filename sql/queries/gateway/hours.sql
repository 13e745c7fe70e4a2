-- $1::text[] customers the caller may see, null: all
-- The last 24 hours of UTC, the oldest first: what came, what waited at the end of each (counted back from what waits
-- now), how long rendering took. That is measured in 100 places of each of the 60 batches that changed last, spread
-- over the batch: no index leads to the jobs of an hour. (More would be enough cost for PostgreSQL to compile the plan.)
with hours as (
	select date_trunc('hour', now(), 'UTC') - n * interval '1 hour' as hour from generate_series(0, 23) n),
mine as not materialized (
	select * from batches where deleted_at is null and ($1::text[] is null or customer_prefix = any ($1))),
came as (
	select date_trunc('hour', created_at, 'UTC') as hour, sum(total_files) as n from mine
	 where created_at >= date_trunc('hour', now(), 'UTC') - interval '23 hours' group by 1),
cancelled as (
	select date_trunc('hour', completed_at, 'UTC') as hour, sum(jobs_cancelled) as n from mine
	 where completed_at >= date_trunc('hour', now(), 'UTC') - interval '23 hours' group by 1),
ended as (
	select hour, sum(completed + failed) as n from hour_counts
	 where hour >= date_trunc('hour', now(), 'UTC') - interval '23 hours'
	   and case when $1 is null then customer_prefix = '' else customer_prefix = any ($1) end group by 1),
waiting as (
	select coalesce(sum(jobs_queued + jobs_dispatched + jobs_processing + jobs_retry_wait), 0) as n from mine
	 where status in ('queued', 'processing', 'paused')),
latest as materialized (
	select id, total_files, greatest(total_files / 100, 1) as step from mine
	 where updated_minute >= date_trunc('hour', now(), 'UTC') - interval '23 hours'
	 order by updated_minute desc limit 60),
measured as (
	select date_trunc('hour', j.completed_at, 'UTC') as hour, count(*) as n,
	       percentile_disc(array[0.5, 0.9]) within group (order by j.duration_ms) as ms
	  from latest l cross join generate_series(0, 99) place
	 cross join lateral (select status, completed_at, duration_ms from jobs
	           where batch_id = l.id and position = place * l.step limit 1) j
	 where j.status = 'completed' and j.duration_ms is not null group by 1)
select hour, coalesce(came.n, 0)::bigint as jobs_submitted,
       greatest(waiting.n - coalesce(sum(coalesce(came.n, 0) - coalesce(ended.n, 0) - coalesce(cancelled.n, 0))
           over (order by hour desc rows between unbounded preceding and 1 preceding), 0), 0)::bigint as jobs_waiting,
       measured.ms[1] as render_ms_median, measured.ms[2] as render_ms_p90,
       coalesce(measured.n, 0) as jobs_measured
  from hours cross join waiting left join came using (hour) left join ended using (hour)
  left join cancelled using (hour) left join measured using (hour)
 order by hour
