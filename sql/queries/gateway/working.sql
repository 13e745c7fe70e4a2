-- $1::text[] customers the caller may see, null: all   $2::int jobs at most
-- The jobs that renderers have in work, the longest first; total: of all. A state stands in no index, so of each batch
-- that has some the 5,000 places before the one that was dispatched last are looked at, and no more of a large one.
with busy as materialized (
	select id, base_directory_name, customer_prefix, pipeline_id, jobs_processing,
	       case when jobs_queued = 0 then total_files else queued_from + 1000 end as upto
	  from batches
	 where outstanding and jobs_processing > 0 and deleted_at is null
	   and ($1::text[] is null or customer_prefix = any ($1)))
select j.id, j.file_name, j.size, j.attempt, j.started_at, j.worker, b.id as batch_id, b.base_directory_name,
       b.customer_prefix, b.pipeline_id, (select sum(jobs_processing)::bigint from busy) as total
  from busy b join jobs j on j.batch_id = b.id and j.position between b.upto - 5000 and b.upto
 where j.status = 'processing'
 order by j.started_at, j.id limit $2::int
