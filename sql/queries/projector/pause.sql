-- $1::uuid batch   $2::text control: pause or run   $3::timestamptz when
update batches set control = $2, moved_at = $3
 where id = $1 and control in ('run', 'pause') and control <> $2 and deleted_at is null
   and status in ('queued', 'processing', 'paused')
