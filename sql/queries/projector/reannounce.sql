-- $1::int[] partitions
-- An owner before us may have published an older state late: what changed lately is said again.
update batches set revision = revision + 1
 where partition = any ($1) and updated_minute > now() - interval '11 minutes'
   and updated_at > now() - interval '10 minutes'
