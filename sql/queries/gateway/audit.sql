-- $1::text actor   $2::text action   $3::text object   $4::text outcome   $5::text source   $6::timestamptz when
-- The time is when it was asked for, so that an order is no later than what it led to.
insert into audit (actor, action, object, outcome, source, at) values ($1, $2, $3, $4, $5, $6)
