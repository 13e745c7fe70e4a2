-- $1::int[] partitions   $2::timestamptz when they were claimed   $3::int at most
-- An owner before us may have published an older state late: what changed in the ten minutes before
-- the claim is said again, some in each turn. What was said again has changed since the claim.
update batches set revision = revision + 1
 where id = any (array(
	select id from batches
	 where updated_minute > $2::timestamptz - interval '11 minutes' and updated_minute <= $2
	   and updated_at > $2 - interval '10 minutes' and updated_at < $2 and partition = any ($1)
	 order by updated_minute limit $3::int))
