-- API keys: one a name, one a hash, and what the gateway may do with them.
\ir setup.psql
select no_plan();

create function pg_temp.add(name text, key text) returns text language sql as $$
	select format('insert into api_keys (name, key_prefix, key_sha256) values (%L, ''bl_'', sha256(%L))', name, key)
$$;
select lives_ok(pg_temp.add('studio', 'a'), 'a key is made');
select throws_ok(pg_temp.add('studio', 'b'), '23505', null, 'a name is one key''s');
select throws_ok(pg_temp.add('other', 'a'), '23505', null, 'a key is one name''s');
select lives_ok(pg_temp.add('other', 'b'), 'two keys may begin alike');
select is(scopes, '{read}', 'a key may read unless said') from api_keys where name = 'studio';
insert into api_keys (name, key_prefix, key_sha256)
select 'k' || i, 'bl_', sha256(i::text::bytea) from generate_series(1, 2000) i;
analyze api_keys;
create function pg_temp.plan() returns setof text language plpgsql as $$
begin
	return query execute 'explain select from api_keys where key_sha256 = sha256(''a'')';
end
$$;
select ok(bool_or(plan like '%Index%api_keys_sha256%'), 'a key is found by the index on its hash')
  from pg_temp.plan() as _ (plan);

-- ---- the key before this one ----
create function pg_temp.over(key text) returns text language sql as $$
	select coalesce(why_over, 'none') from known_keys where key_sha256 = sha256(key::bytea)
$$;
update api_keys set key_sha256 = sha256('a2'), old_key_sha256 = sha256('a'), old_key_expires_at = now() + interval '1 hour',
       expires_at = now() + interval '2 hours' where name = 'studio';
select is(pg_temp.over('a2'), 'none', 'the new key opens');
select is(pg_temp.over('a'), 'none', 'and the old one beside it');
select is(expires_at, now() + interval '1 hour', 'no longer than its while') from known_keys where key_sha256 = sha256('a');
select is(expires_at, now() + interval '2 hours', 'nor the new one than the key') from known_keys where key_sha256 = sha256('a2');
update api_keys set old_key_expires_at = now() where name = 'studio';
select is(pg_temp.over('a'), 'it was changed for another', 'then it says that it was changed');
update api_keys set old_key_expires_at = 'infinity', expires_at = now() where name = 'studio';
select is(pg_temp.over(key), 'its time is over', 'both end with the key''s own time') from unnest('{a,a2}'::text[]) key;
update api_keys set revoked_at = now() where name = 'studio';
select is(pg_temp.over(key), 'it was revoked', 'and when it is revoked') from unnest('{a,a2}'::text[]) key;
update api_keys set revoked_at = null, expires_at = null where name = 'studio';
create function pg_temp.plan_known() returns setof text language plpgsql as $$
begin
	return query execute 'explain select from known_keys where key_sha256 = sha256(''a'')';
end
$$;
select ok(bool_or(plan like '%Index%api_keys_sha256%') and bool_or(plan like '%Index%api_keys_old_sha256%'),
	'either is found by an index') from pg_temp.plan_known() as _ (plan);

set local role batchline_gateway;
select throws_ok($$ delete from api_keys $$, '42501', null, 'the gateway removes no key');
select throws_ok($$ update api_keys set scopes = '{operate}' $$, '42501', null, 'nor gives one more than it had');
select throws_ok($$ update api_keys set name = 'x' $$, '42501', null, 'nor another name');
select lives_ok($$ update api_keys set revoked_at = now() where name = 'studio' $$, 'it ends one');
select throws_ok($$ delete from audit $$, '42501', null, 'nor does it take anything from the audit');
select throws_ok($$ update audit set actor = 'x' $$, '42501', null, 'nor change it');
reset role;
select * from finish();
rollback;
