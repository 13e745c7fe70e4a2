-- What installations are given may change; what somebody has written stays.
\ir setup.psql
select no_plan();
\set mild `sed '/^begin;$/d;/^commit;$/d' sql/deploy/mild.sql`

select ok(bool_and(definition::text like '%{"operation":"sharpen_mild"}%'),
	'the shipped pipelines sharpen mildly') from pipelines where id in (1, 2);

update pipelines set definition = replace(definition::text, '"sharpen_mild"', '"sharpen"')::json
 where id in (1, 2);
update pipelines set definition = replace(definition::text, '"Q":85', '"Q":86')::json where id = 2;
:mild
select is(array_agg(definition::text like '%"sharpen_mild"%' order by id), '{t,f}',
	'a definition that somebody has changed is not changed again') from pipelines where id in (1, 2);

-- Made by people, through the gateway's role.
insert into pipelines (id, name, definition)
values (1000000, 'by hand', '{"views":[{"name":"a","format":"png"}]}');
set local role batchline_gateway;
insert into pipelines (name, definition) select 'new', definition from pipelines where id = 1000000;
insert into pipelines (name, definition) select 'new', definition from pipelines where id = 1000000;
select is(array_agg(id order by id), '{1000001,1000002}',
	'a name may have versions, each above what there is') from pipelines where name = 'new';
select throws_ok($$ insert into pipelines (id, name, definition) select 7000001, 'x', definition
	from pipelines where id = 1 $$, '42501', null, 'an id is not chosen');
select throws_ok($$ update pipelines set definition = definition where id = 1 $$, '42501', null,
	'a definition does not change');
select throws_ok($$ delete from pipelines $$, '42501', null, 'none is removed');
select lives_ok($$ update pipelines set enabled = false, disabled_at = now() where name = 'new' $$,
	'but disabled');
reset role;

select * from finish();
rollback;
