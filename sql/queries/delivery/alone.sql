-- $1::text service
-- Until the end of the transaction, who of the service claims next sees what was claimed before.
select pg_advisory_xact_lock(hashtextextended('delivery ' || $1, 0))
