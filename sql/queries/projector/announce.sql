-- $1::int[] partitions
-- Puts every batch that changed into the outbox; progress alone at most once a second.
with due as (
	update batches
	   set announced_revision = revision, announced_at = now(),
	       announced_status = status || ' ' || control || ' ' || run_no
	 where partition = any ($1) and unannounced
	   and (announced_status is distinct from status || ' ' || control || ' ' || run_no
	        or status in ('completed', 'partial', 'failed', 'cancelled')
	        or announced_at < now() - interval '1 second')
	returning id, partition, revision)
insert into outbox as o (kind, partition, batch_id, revision)
select 'batch', partition, id, revision from due
on conflict (batch_id) where kind = 'batch'
do update set id = excluded.id, revision = excluded.revision, created_at = excluded.created_at,
              parked_at = null, parked_why = null
