-- $1::text name   $2::timestamptz when it was asked
-- Whom nobody answered wants no answer later.
update targets set test_asked_at = null where name = $1 and test_asked_at = $2
