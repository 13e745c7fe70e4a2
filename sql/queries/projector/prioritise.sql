-- $1::uuid batch   $2::int priority, 0 to 9   $3::timestamptz when
-- Jobs that wait follow it; those that were handed out are out already.
update batches set priority = $2, moved_at = $3
 where id = $1 and priority <> $2 and deleted_at is null
   and status in ('queued', 'processing', 'paused')
