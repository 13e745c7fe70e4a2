-- $1::int seconds
-- Deleted not long ago: a renderer that was at work then may have brought something since.
select id from batches
 where updated_minute >= date_trunc('minute', now() - make_interval(secs => $1), 'UTC')
   and deleted_at >= now() - make_interval(secs => $1)
