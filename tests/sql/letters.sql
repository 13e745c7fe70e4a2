-- What became of dead letters: the gateway writes it down and takes nothing back; others only read.
\ir setup.psql
select plan(7);
\set settle `cat sql/queries/gateway/letter_settle.sql`
prepare settle(text, int, bigint, timestamptz, text, text, text) as :settle;
\set count `cat sql/queries/gateway/letters_settled_count.sql`
prepare counted(text[], bigint[], bigint[], bigint[]) as :count;

set local role batchline_gateway;
select lives_ok($$ execute settle('jobs', 1, 7, '2026-01-01', 'replayed', 'mended', 'me') $$, 'a letter is put back');
execute settle('jobs', 1, 7, '2026-01-01', 'discarded', 'of no use', 'you');
select results_eq('select state, reason, actor, times from settled_letters',
	$$ values ('discarded', 'of no use', 'you', 2) $$, 'what was done last stands there, and how often');
select throws_ok($$ execute settle('jobs', 1, 8, '2026-01-01', 'lost', 'x', 'me') $$, '23514', null, 'in no other way');
select throws_ok($$ execute settle('jobs', 1, 8, '2026-01-01', 'replayed', '', 'me') $$, '23514', null, 'and for a reason');
execute settle('jobs', 1, 9, '2026-01-01', 'replayed', 'mended', 'me');
select results_eq($$ execute counted('{jobs, jobs, events}', '{1, 2, 1}', '{8, 0, 0}', '{10, 10, 10}') $$,
	$$ values (1::bigint) $$, 'those that are still there are counted');
select throws_ok('delete from settled_letters', '42501', null, 'nothing is taken back');
set local role batchline_reader;
select lives_ok('select from settled_letters', 'people may read it');
reset role;
select * from finish();
rollback;
