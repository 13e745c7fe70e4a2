-- $1::text service   $2::int at most
-- Outcomes whose event is not acknowledged yet.
select l.id, l.batch_id, l.run_no, t.name || '/' || l.state, l.phase, l.attempts, l.external_id,
       coalesce(l.error_code, 'unknown'), coalesce(l.error_message, 'nobody wrote why'), l.settled_at, b.partition
  from delivery_ledger l join targets t on t.id = l.target_id join batches b on b.id = l.batch_id
 where l.phase in ('done', 'failed') and not l.told and t.service = $1
 order by l.settled_at limit $2
