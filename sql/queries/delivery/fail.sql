-- $1::uuid delivery   $2::int attempt   $3::text code   $4::text words
update delivery_ledger
   set phase = 'failed', settled_at = now(), error_code = $3, error_message = $4
 where id = $1 and attempts = $2 and phase = 'called'
