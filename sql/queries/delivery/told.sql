-- $1::uuid delivery
update delivery_ledger set told = true where id = $1 and phase in ('done', 'failed')
