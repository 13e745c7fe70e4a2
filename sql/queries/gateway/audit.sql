-- $1::text actor   $2::text action   $3::text object   $4::text outcome
insert into audit (actor, action, object, outcome) values ($1, $2, $3, $4)
