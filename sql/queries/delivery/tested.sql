-- $1::uuid target   $2::bool well   $3::text code   $4::text words
update targets set test_said_at = now(), test_well = $2, test_code = nullif($3, ''), test_words = $4
 where id = $1
