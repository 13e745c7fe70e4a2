-- $1::int[] partitions
-- Dispatches whose job is gone: nobody will publish them.
delete from outbox o
 where o.kind = 'job' and o.partition = any ($1)
   and not exists (select from jobs j where j.id = any (array[o.job_id]))
