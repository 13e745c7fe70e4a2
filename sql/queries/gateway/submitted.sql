-- $1::uuid batch, deleted ones too
select base_directory_name, payload_sha256, deleted_at is not null as is_deleted, error_code, error_message
  from batches where id = $1
