-- $1::uuid batch   $2::uuid[] jobs, none: all; how many could be tried again
select count(*) from jobs
 where batch_id = $1 and status in ('failed', 'cancelled')
   and (cardinality($2::uuid[]) = 0 or id = any ($2))
