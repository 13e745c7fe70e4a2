-- $1 batches $2 runs $3 services $4 targets $5 states $6 external ids $7 attempts $8 codes $9 messages $10 times
insert into deliveries as d (batch_id, run_no, service, target, status, external_id, attempts,
	error_code, error_message, updated_at)
select distinct on (1, 2, 3, 4) * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[],
	$6::text[], $7::int[], $8::text[], $9::text[], $10::timestamptz[])
       as n (batch_id, run_no, service, target, status, external_id, attempts, code, message, at)
 order by 1, 2, 3, 4, n.at desc
on conflict (batch_id, run_no, service, target) do update
   set status = excluded.status, external_id = excluded.external_id, attempts = excluded.attempts,
       error_code = excluded.error_code, error_message = excluded.error_message,
       updated_at = excluded.updated_at
 where d.status <> 'succeeded' and d.updated_at <= excluded.updated_at
