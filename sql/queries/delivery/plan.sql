-- $1::uuid batch   $2::text service   $3::bool a run that completed anything waits for its archive
-- What each target wants to know of the batch as it is now. A state that is behind what the target
-- was told already is not said again, nor what was over before there was the target; one that had
-- been passed by and has come again is, unless a person skipped it.
insert into delivery_ledger as l (id, target_id, batch_id, run_no, state)
select md5(t.id || '/' || b.id || '/' || b.run_no || '/' || b.status)::uuid, t.id, b.id, b.run_no, b.status
  from targets t join deliverable_batches b on b.id = $1
 where t.service = $2 and b.status = any (t.states)
   and (t.customers is null or b.customer_prefix = any (t.customers))
   and coalesce(b.completed_at, b.updated_at) >= t.created_at
   and (not $3 or b.jobs_completed = 0 or b.archive_run_no = b.run_no)
   and not exists (select from delivery_ledger o
	where o.target_id = t.id and o.batch_id = b.id and o.phase <> 'passed'
	  and (o.run_no, state_place(o.state)) >= (b.run_no, state_place(b.status)))
on conflict (target_id, batch_id, run_no, state) do update
   set phase = 'intent', next_try_at = now(), settled_at = null
 where l.phase = 'passed' and l.error_code is distinct from 'skipped'
