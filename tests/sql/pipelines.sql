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

select * from finish();
rollback;
