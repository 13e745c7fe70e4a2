-- $1::text actor   $2::text action   $3::text object   $4::timestamptz from   $5::timestamptz to
-- $6::int8 acts before this id   $7::int8 rows; null: no matter
select id, at, actor, action, object, outcome, source from audit
 where ($1::text is null or actor = $1) and ($2::text is null or action = $2)
   and ($3::text is null or object = $3) and ($4::timestamptz is null or at >= $4)
   and ($5::timestamptz is null or at <= $5) and ($6::int8 is null or id < $6)
 order by id desc limit $7
