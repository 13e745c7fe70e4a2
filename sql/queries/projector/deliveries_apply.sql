-- $1 batches $2 runs $3 services $4 targets $5 states $6 external ids $7 attempts $8 codes $9 messages $10 times
-- What Dropbox and Monday call a batch is the batch's, too; of more than one target the latest word.
with said as (
	select distinct on (1, 2, 3, 4) * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[],
		$5::text[], $6::text[], $7::int[], $8::text[], $9::text[], $10::timestamptz[])
	       as n (batch_id, run_no, service, target, status, external_id, attempts, code, message, at)
	 order by 1, 2, 3, 4, n.at desc),
called as (
	update batches b
	   set dropbox_directory_id = coalesce(c.dropbox, b.dropbox_directory_id),
	       monday_item_id = coalesce(c.monday, b.monday_item_id)
	  from (select batch_id, (array_agg(external_id order by at desc) filter (where service = 'dropbox'))[1],
		       (array_agg(external_id order by at desc) filter (where service = 'monday'))[1]
		  from said
		 where service in ('dropbox', 'monday') and status = 'succeeded' and external_id is not null
		 group by batch_id) as c (batch_id, dropbox, monday)
	 where b.id = any (array[c.batch_id]) and b.deleted_at is null
	   and ((c.dropbox is not null and c.dropbox is distinct from b.dropbox_directory_id)
		or (c.monday is not null and c.monday is distinct from b.monday_item_id)))
insert into deliveries as d (batch_id, run_no, service, target, status, external_id, attempts,
	error_code, error_message, updated_at)
select * from said
on conflict (batch_id, run_no, service, target) do update
   set status = excluded.status, external_id = excluded.external_id, attempts = excluded.attempts,
       error_code = excluded.error_code, error_message = excluded.error_message,
       updated_at = excluded.updated_at
 where d.status <> 'succeeded' and d.updated_at <= excluded.updated_at
