-- People sign in with an API key, and their browser keeps a token instead. A session is its key's: it
-- may do what the key may, and ends with it. So it holds the hash that the key had then: a key that is
-- changed for another has another one.
begin;
set local search_path to batchline_base;
create table sessions (
	token_sha256 bytea primary key check (octet_length(token_sha256) = 32),
	key_id       uuid not null references api_keys on delete cascade,
	key_sha256   bytea not null,
	made_at      timestamptz not null default now(),
	used_at      timestamptz not null default now(),
	expires_at   timestamptz not null,
	source       text not null
);
create index sessions_key on sessions (key_id, used_at);
comment on table sessions is 'Who is signed in. The token itself is kept nowhere.';
comment on column sessions.key_sha256 is 'of the key that was shown';
comment on column sessions.used_at is 'to the minute';
comment on column sessions.expires_at is 'however much it is used';
comment on column sessions.source is 'from where it was asked for, as in the audit';

grant select, insert, delete, update (used_at) on sessions to batchline_gateway;
commit;
