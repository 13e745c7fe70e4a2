-- $1::int[] partitions   $2::int window of outstanding jobs   $3::timestamptz lease until
-- Moves queued jobs into the outbox: highest priority first, customers in turn, paused batches not at
-- all. A turn counts what of the customer is out already: where there is room for one job at a time, it
-- goes to whoever has the fewest. Of each customer as many batches are looked at as there is room for
-- jobs, never all that wait; from one customer the index leads to the next. Within a batch the lowest
-- positions go first, and queued_from skips what a large batch has behind it.
with recursive out_now as materialized (
	select customer_prefix, jobs_dispatched + jobs_processing as n
	  from batches where partition = any ($1) and outstanding),
busy as (
	select customer_prefix, sum(n) as n from out_now group by customer_prefix),
room as (
	select greatest($2 - coalesce(sum(n), 0), 0)::int as n from busy),
customers(prefix) as (
	(select customer_prefix collate "C" from batches
	  where (status in ('queued', 'processing') and control = 'run') is true
	  order by customer_prefix collate "C" limit 1)
	union all
	select (select b.customer_prefix collate "C" from batches b
	         where (b.status in ('queued', 'processing') and b.control = 'run') is true
	           and b.customer_prefix collate "C" > c.prefix
	         order by b.customer_prefix collate "C" limit 1)
	  from customers c where c.prefix is not null),
waiting as (
	select w.* from customers c cross join room cross join lateral (
		select id, customer_prefix, priority, created_at, jobs_queued, queued_from
		  from batches b
		 where (b.status in ('queued', 'processing') and b.control = 'run') is true
		   and b.customer_prefix collate "C" = c.prefix
		   and b.jobs_queued > 0 and b.partition = any ($1)
		 order by b.priority desc, b.created_at, b.id
		 limit room.n) w),
first_ones as (
	select w.*, coalesce(sum(jobs_queued) over (partition by priority, customer_prefix
	           order by created_at, id rows between unbounded preceding and 1 preceding), 0) as before
	  from waiting w),
picked as (
	select j.id, j.batch_id, f.priority,
	       coalesce(busy.n, 0) + row_number() over (partition by f.priority, f.customer_prefix
	           order by f.created_at, f.id, j.position) as turn
	  from first_ones f cross join room left join busy using (customer_prefix)
	 cross join lateral (select id, batch_id, position from jobs
	           where batch_id = f.id and position >= f.queued_from and status = 'queued'
	           order by position limit room.n) j
	 where f.before < room.n),
chosen as (
	select id from picked order by priority desc, turn, id limit (select n from room)),
moved as (
	update jobs j set status = 'dispatched', lease_until = $3
	  from chosen c where j.id = any (array[c.id]) and j.status = 'queued'
	returning j.id, j.batch_id, j.attempt, j.position),
skipped as (
	update batches b set queued_from = m.upto
	  from (select batch_id, max(position) as upto from moved group by batch_id) m
	 where b.id = any (array[m.batch_id]) and m.upto >= b.queued_from + 500)
insert into outbox as o (kind, partition, batch_id, job_id, attempt)
select 'job', b.partition, m.batch_id, m.id, m.attempt
  from moved m join batches b on b.id = any (array[m.batch_id])
on conflict (job_id) where kind = 'job'
do update set id = excluded.id, attempt = excluded.attempt, created_at = excluded.created_at,
              parked_at = null, parked_why = null
