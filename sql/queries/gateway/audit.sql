-- $1::text actor   $2::text action   $3::text object   $4::text outcome   $5::text source
insert into audit (actor, action, object, outcome, source) values ($1, $2, $3, $4, $5)
