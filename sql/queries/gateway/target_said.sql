-- $1::text name   $2::timestamptz when it was asked
select test_well as well, test_code as code, test_words as words from targets where name = $1 and test_said_at >= $2
