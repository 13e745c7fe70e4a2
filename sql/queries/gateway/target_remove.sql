-- $1::text name
-- Its ledger goes with it.
delete from targets where name = $1
