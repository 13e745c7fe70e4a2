-- $1::uuid batch   $2::int rows
-- The newest come first: of very many, those are wanted.
select id, service, target, run_no, state, phase, attempts, next_try_at, attention, external_id,
       error_code, error_message, created_at, settled_at
  from delivery_states where batch_id = $1 order by created_at desc, id limit $2::int
