-- $1::uuid job   $2::text[] customers the caller may see, null: all
select j.id, j.position, j.file_name, j.source_uri, j.size, j.status, j.attempt, j.next_attempt_at,
       j.error_code, j.error_message, j.preview_uri is not null as has_preview, j.duration_ms,
       j.created_at, j.started_at, j.completed_at, j.batch_id, b.base_directory_name, j.preview_uri
  from jobs j join batch_items b on b.id = j.batch_id
 where j.id = $1 and ($2::text[] is null or b.customer_prefix = any ($2))
