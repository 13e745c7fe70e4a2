-- $1::uuid batch   $2::int position of the first   $3::int rows   $4::text status, null: any
select id, position, file_name, source_uri, size, status, attempt, next_attempt_at, error_code,
       error_message, preview_uri is not null as has_preview, duration_ms, created_at, started_at,
       completed_at, batch_id
  from jobs where batch_id = $1 and position >= $2 and ($4::text is null or status = $4)
 order by position limit $3::int
