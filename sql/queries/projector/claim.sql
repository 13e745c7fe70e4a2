-- $1::text group   $2::text[] topics   $3::int[] partitions   $4::text owner
-- Takes the partitions: from here on every turn of an earlier owner is fenced.
insert into consumer_offsets as o (grp, topic, partition, next_offset, epoch, owner, owner_pid, owner_start)
select $1, w.topic, w.partition, -1, 1, $4, pg_backend_pid(),
       (select backend_start from pg_stat_activity where pid = pg_backend_pid())
  from unnest($2::text[], $3::int[]) as w (topic, partition)
 order by w.topic, w.partition
on conflict (grp, topic, partition) do update
   set epoch = o.epoch + 1, owner = excluded.owner, owner_pid = excluded.owner_pid,
       owner_start = excluded.owner_start
returning topic, partition, epoch, next_offset, record_timestamp, now()
