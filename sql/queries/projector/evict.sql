-- $1::text group   $2::text[] topics   $3::int[] partitions
-- Ends the connection of an owner that still holds the rows in an open transaction.
select pg_terminate_backend(a.pid)
  from pg_stat_activity a
 where a.pid <> pg_backend_pid()
   and (a.pid, a.backend_start) in (
	select o.owner_pid, o.owner_start
	  from consumer_offsets o
	  join unnest($2::text[], $3::int[]) as w (topic, partition)
	    on w.topic = o.topic and w.partition = o.partition
	 where o.grp = $1)
