-- Sessions: each is a key's and ends with its row; the gateway makes, uses and ends them, no more.
\ir setup.psql
select plan(10);

insert into api_keys (name, key_prefix, key_sha256) values ('studio', 'bl_', sha256('a'));
create function pg_temp.add(token text) returns text language sql as $$
	select format('insert into sessions (token_sha256, key_id, key_sha256, expires_at, source)
		select sha256(%L), id, key_sha256, now() + interval ''1 day'', ''::1'' from api_keys', token)
$$;
select lives_ok(pg_temp.add('t'), 'a session is made');
select throws_ok(pg_temp.add('t'), '23505', null, 'a token is one session''s');
select throws_ok($$ update sessions set token_sha256 = 'short' $$, '23514', null, 'a token is kept as its hash');

set local role batchline_gateway;
select lives_ok(pg_temp.add('u'), 'the gateway makes one');
select lives_ok($$ update sessions set used_at = now() $$, 'it writes that one is used');
select throws_ok($$ update sessions set expires_at = 'infinity' $$, '42501', null, 'it makes none last longer');
select throws_ok($$ update sessions set key_id = gen_random_uuid() $$, '42501', null,
	'nor gives it to another key');
select lives_ok($$ delete from sessions where token_sha256 = sha256('u') $$, 'it ends one');
set local role batchline_reader;
select throws_ok($$ select from sessions $$, '42501', null, 'nobody else sees who is signed in');
reset role;

delete from api_keys;
select is(count(*), 0::bigint, 'a session goes with its key') from sessions;
select * from finish();
rollback;
