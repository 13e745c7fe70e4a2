-- $1::uuid delivery   $2::int attempt   $3::int seconds until it counts as lost
update delivery_ledger set next_try_at = now() + make_interval(secs => $3)
 where id = $1 and attempts = $2 and phase = 'called'
