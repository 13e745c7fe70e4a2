-- The fence: offsets move from where their owner left them, or nothing happens at all.
\ir setup.psql
select no_plan();

insert into consumer_offsets (grp, topic, partition, next_offset, epoch, record_timestamp) values
('g', 'a', 0, 10, 1, 5), ('g', 'a', 1, 20, 2, null), ('g', 'b', 0, 30, 1, null), ('h', 'a', 0, 99, 1, null);
create function pg_temp.offsets() returns setof text language sql as $$
	select format('%s/%s/%s at %s, epoch %s, stamp %s', grp, topic, partition, next_offset, epoch, record_timestamp)
	  from consumer_offsets where grp in ('g', 'h') order by grp, topic, partition
$$;

select lives_ok($$ select fence('g', '{b,a,a}', '{0,1,0}', '{1,2,1}', '{30,20,10}', '{31,20,17}', '{7,null,8}') $$,
	'an owner moves its offsets, in whatever order they are given');
select results_eq('select pg_temp.offsets()', $$ values ('g/a/0 at 17, epoch 1, stamp 8'), ('g/a/1 at 20, epoch 2, stamp '),
	('g/b/0 at 31, epoch 1, stamp 7'), ('h/a/0 at 99, epoch 1, stamp ') $$,
	'all of them moved; no other group''s');
select lives_ok($$ select fence('g', '{a}', '{0}', '{1}', '{17}', '{17}', '{null}') $$, 'an idle turn moves nothing');
select is(record_timestamp, 8::bigint, 'and keeps the stamp') from consumer_offsets where grp = 'g' and topic = 'a' and partition = 0;

create function pg_temp.fenced(call text) returns text language plpgsql as $$
declare
	detail text;
begin
	execute call;
	return 'passed';
exception when others then
	get stacked diagnostics detail = pg_exception_detail;
	return sqlstate || ': ' || detail;
end
$$;
select is(pg_temp.fenced(call), answer, says) from (values
	('an older epoch is fenced', $$ select fence('g', '{a}', '{1}', '{1}', '{20}', '{21}', '{null}') $$,
	 'FN001: a/1 is no longer at epoch 1, offset 20'),
	('an offset that moved meanwhile is fenced', $$ select fence('g', '{a}', '{0}', '{1}', '{10}', '{18}', '{null}') $$,
	 'FN001: a/0 is no longer at epoch 1, offset 10'),
	('a partition never claimed is fenced', $$ select fence('g', '{a}', '{7}', '{1}', '{0}', '{1}', '{null}') $$,
	 'FN001: a/7 is no longer at epoch 1, offset 0'),
	('another group''s epoch is of no use', $$ select fence('i', '{a}', '{0}', '{1}', '{17}', '{18}', '{null}') $$,
	 'FN001: a/0 is no longer at epoch 1, offset 17'),
	('the first lost partition is named', $$ select fence('g', '{b,a,a}', '{9,9,0}', '{1,1,1}', '{31,1,17}', '{32,2,18}', '{null,null,null}') $$,
	 'FN001: a/9 is no longer at epoch 1, offset 1'),
	('arrays of unequal length are fenced', $$ select fence('g', '{a,a}', '{0}', '{1}', '{17}', '{18}', '{null}') $$,
	 'FN001: a/ is no longer at epoch , offset '),
	('an offset never goes back', $$ select fence('g', '{a}', '{0}', '{1}', '{17}', '{16}', '{null}') $$,
	 'FN002: a/0 from 17 to 16')) as v (says, call, answer);
select results_eq('select pg_temp.offsets()', $$ values ('g/a/0 at 17, epoch 1, stamp 8'), ('g/a/1 at 20, epoch 2, stamp '),
	('g/b/0 at 31, epoch 1, stamp 7'), ('h/a/0 at 99, epoch 1, stamp ') $$, 'a fenced turn leaves nothing');

-- A zombie: what it wrote before and after the fence in its transaction is gone.
create function pg_temp.zombie_turn() returns text language plpgsql as $$
begin
	perform fence('g', '{a,a}', '{0,1}', '{1,1}', '{17,20}', '{18,21}', '{null,null}');
	perform pg_temp.a_batch(1, 'ZOMBIE');
	return 'passed';
exception when sqlstate 'FN001' then
	return 'fenced';
end
$$;
select is(pg_temp.zombie_turn(), 'fenced', 'a zombie is stopped when one partition of several is lost');
select is(next_offset, 17::bigint, 'the partition before it has not moved')
  from consumer_offsets where grp = 'g' and topic = 'a' and partition = 0;
select is_empty($$ select from batches where customer_prefix = 'ZOMBIE' $$, 'and no row of its turn is there');

-- Claiming, as the projector does it.
\set claim `cat sql/queries/projector/claim.sql`
prepare claim as :claim;
select results_eq($$ execute claim('g', '{a,c}', '{0,4}', 'me') $$,
	$$ values ('a', 0, 2::bigint, 17::bigint, 8::bigint, now()), ('c', 4, 1, -1, null, now()) $$,
	'a claim raises the epoch and tells where to go on and when; a new partition begins at the beginning');
select is(pg_temp.fenced($$ select fence('g', '{a}', '{0}', '{1}', '{17}', '{18}', '{null}') $$),
	'FN001: a/0 is no longer at epoch 1, offset 17', 'from then on the owner before is fenced');
select lives_ok($$ select fence('g', '{a,c}', '{0,4}', '{2,1}', '{17,-1}', '{18,3}', '{null,1}') $$, 'and the new one is not');
select is(owner_pid, pg_backend_pid(), 'the owner''s server process is known') from consumer_offsets where grp = 'g' and topic = 'c';

select * from finish();
rollback;
