-- $1::uuid batch   $2::timestamptz when
-- The row stays, hidden, so that a repeated submission or a late result finds it.
update batches set deleted_at = $2, control = 'cancel' where id = $1 and deleted_at is null
