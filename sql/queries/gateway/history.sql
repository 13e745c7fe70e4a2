-- $1::uuid batch   $2::timestamptz, $3::text of the entry before, null: from the start   $4::bigint rows
-- What happened to it, the oldest first. Within one moment: its submission, then orders, states, deliveries.
select at, entry, kind, what, run_no, who, source, outcome, jobs_completed, jobs_failed, jobs_cancelled,
       service, target, error_code, error_message
  from (select created_at as at, '0' as entry, 'state' as kind, 'submitted' as what, 1 as run_no,
	       submitted_by as who, null as source, null as outcome, null::int as jobs_completed,
	       null::int as jobs_failed, null::int as jobs_cancelled, null as service, null as target,
	       null as error_code, null as error_message
	  from batches where id = $1
	union all
	select created_at, '2', 'state', 'failed', 1, null, null, null, 0, 0, 0, null, null, error_code, error_message
	  from batches where id = $1 and error_code is not null
	union all
	select at, '1' || lpad(id::text, 19, '0'), 'order', action, null, actor, source, outcome, null, null, null,
	       null, null, null, null
	  from audit where object = $1::text
	union all
	select at, '2' || lpad(id::text, 19, '0'), 'state', what, run_no, null, null, null, jobs_completed, jobs_failed,
	       jobs_cancelled, null, null, null, null
	  from batch_history where batch_id = $1
	union all
	select settled_at, '3' || id, 'delivery', phase, run_no, null, null, state, null, null, null, service, target,
	       error_code, error_message
	  from delivery_items where batch_id = $1 and settled_at is not null) entries
 where $2::timestamptz is null or (at, entry collate "C") > ($2, $3::text collate "C")
 order by at, entry collate "C" limit $4::bigint
