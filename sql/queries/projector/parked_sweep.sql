-- $1::int[] partitions   $2::int, $3::int8 behind this place   $4::int at most   $5::bool all with their bytes
-- The next parked facts in the order of their places: who waits, whose batch is there after all (the
-- revision stands in no index, so that its key is looked at), and who has waited for a week. At most
-- 16 MiB of what is due; the last column tells how many there were without that limit.
select partition, record_offset, case when due then record_key end as record_key,
       case when due then headers end as headers,
       case when due then payload end as payload, recorded_at, known, old, page
  from (select d.*, count(*) over () as page,
               sum(case when due then octet_length(payload) + coalesce(octet_length(headers), 0) else 0 end)
                   over (order by partition, record_offset rows between unbounded preceding and 1 preceding) as before
          from (select e.*, k.known, e.recorded_at < now() - interval '7 days' as old,
                       $5::bool or k.known or e.recorded_at < now() - interval '7 days' as due
                  from (select * from early_facts
                         where topic = 'events' and partition = any ($1)
                           and (partition, record_offset) > ($2::int, $3::int8)
                         order by topic, partition, record_offset limit $4::int) e
                 cross join lateral (select exists (select from batches b
                         where b.id = any (array[e.batch_id]) and b.revision > 0) as known) k) d) f
 where coalesce(before, 0) < 16777216
 order by partition, record_offset
