-- $1::text name   $2::timestamptz when it was asked
select test_well, test_code, test_words from targets where name = $1 and test_said_at >= $2
