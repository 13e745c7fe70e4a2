-- $1::uuid delivery   $2::int attempt
-- The batch went on, or was deleted, before this state of it was sent: it is not. A batch that is not
-- in the projection at all (it is being built anew) is waited for.
update delivery_ledger l
   set phase = 'passed', attempts = l.attempts - 1, settled_at = now()
  from deliverable_batches b
 where l.id = $1 and l.attempts = $2 and l.phase = 'called' and b.id = l.batch_id
   and (b.run_no, b.status) <> (l.run_no, l.state)
