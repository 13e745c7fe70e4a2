-- $1::uuid[] deliveries
select deliveries_replay from deliveries_replay($1)
