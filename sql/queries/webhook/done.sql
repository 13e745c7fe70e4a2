-- $1::uuid delivery   $2::int attempt   $3::text what the other side calls it
-- A later attempt, of whoever made it, has the word.
update delivery_ledger
   set phase = 'done', external_id = $3, error_code = null, error_message = null, settled_at = now()
 where id = $1 and attempts = $2 and phase = 'called'
