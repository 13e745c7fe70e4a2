-- $1::uuid batch
-- The jobs that came to nothing, for the manifest.
select id, position, attempt, file_name, status, error_code, error_message
  from jobs
 where batch_id = $1 and status in ('failed', 'cancelled')
 order by position
