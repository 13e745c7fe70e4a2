-- $1::text name
-- Its service sees it and tests the target.
update targets set test_asked_at = now() where name = $1 returning test_asked_at, service
