-- What may stand in the settings of a target, and which targets are one lane.
\ir setup.psql
select no_plan();

create function pg_temp.says(service text, settings json, defect text) returns text language sql as $$
	select is(target_defect(service, settings), defect, format('%s %s', service, settings))
$$;
select pg_temp.says(service, settings::json, defect) from (values
	('fax', '{}', 'service: not webhook, dropbox or monday'),
	('webhook', '[]', 'settings: not an object'),
	('webhook', '{"url": "https://a.example/in", "secret": "k"}', null),
	('webhook', '{"url": "https://a.example/in"}', 'secret: not the name of a file in BATCHLINE_SECRETS'),
	('webhook', '{"url": "https://a.example/in", "secret": "../k"}', 'secret: not the name of a file in BATCHLINE_SECRETS'),
	('webhook', '{"url": "https://a.example/in", "secret": "k", "secret": "k"}', 'secret: twice'),
	('webhook', '{"url": "https://a.example/in", "secret": "k", "x": "y"}', 'x: no such setting'),
	('webhook', '{"url": "https://u@a.example/in", "secret": "k"}', 'url: not https://host/path, without a user in it'),
	('webhook', '{"url": 1, "secret": "k"}', 'url: not a text'),
	('dropbox', '{"secret": "k"}', null),
	('dropbox', '{"secret": "k", "folder": "/a/b", "content": "both", "link": true, "path_root": "root"}', null),
	('dropbox', '{"secret": "k", "folder": "a"}', 'folder: not /a/path from the root, nor empty'),
	('dropbox', '{"secret": "k", "folder": "/a/"}', 'folder: not /a/path from the root, nor empty'),
	('dropbox', '{"secret": "k", "content": "all"}', 'content: not pictures, archive or both'),
	('dropbox', '{"secret": "k", "content": null}', 'content: not a text'),
	('dropbox', '{"secret": "k", "link": "yes"}', 'link: not true or false'),
	('dropbox', '{"secret": "k", "path_root": "ns:1"}', 'path_root: not home, root or the digits of a namespace'),
	('monday', '{"secret": "k", "board": "1", "columns": {"key": "text"}}', null),
	('monday', '{"secret": "k", "board": 1, "columns": {"key": "text"}}', 'board: not a text'),
	('monday', '{"secret": "k", "board": "one", "columns": {"key": "text"}}', 'board: not the digits of a board'),
	('monday', '{"secret": "k", "board": "1", "columns": []}', 'columns: not an object'),
	('monday', '{"secret": "k", "board": "1"}', 'columns: not an object'),
	('monday', '{"secret": "k", "board": "1", "columns": {"status": "s"}}', 'columns.key: missing; the id of a text column'),
	('monday', '{"secret": "k", "board": "1", "columns": {"key": "text", "colour": "c"}}', 'columns.colour: no such column'),
	('monday', '{"secret": "k", "board": "1", "columns": {"key": "a b"}}', 'columns.key: not the id of a column'),
	('monday', '{"secret": "k", "board": "1", "columns": {"key": "t", "files": "t"}}', 'columns.key: the column of another one'),
	('monday', '{"secret": "k", "board": "1", "columns": {"key": "t"}, "labels": {"done": "D"}}', 'labels.done: not a state and its label'),
	('monday', '{"secret": "k", "board": "1", "columns": {"key": "t"}, "labels": {"completed": "Done"}}', null)
) as _ (service, settings, defect);

insert into targets (service, name, states, settings) values
	('monday', 'one', '{completed}', '{"secret": "a", "board": "7", "columns": {"key": "t"}}'),
	('monday', 'two', '{failed}', '{"secret": "b", "board": "7", "columns": {"key": "t"}}'),
	('dropbox', 'three', '{completed}', '{"secret": "a"}'),
	('dropbox', 'four', '{completed}', '{"secret": "a", "folder": "/other"}'),
	('webhook', 'five', '{completed}', '{"secret": "a", "url": "https://a.example"}'),
	('webhook', 'six', '{completed}', '{"secret": "a", "url": "https://a.example"}');
select is(count(distinct lane)::int, 4, 'a board is one lane, an account too, a webhook alone its own') from targets;
select throws_ok($$ insert into targets (service, name, states, settings)
	values ('dropbox', 'seven', '{queued}', '{"secret": "a"}') $$, '23514', null,
	'a folder is made of a batch that is finished');
select throws_ok($$ insert into targets (service, name, states, settings)
	values ('monday', 'eight', '{deleted}', '{"secret": "a", "board": "1", "columns": {"key": "t"}}') $$, '23514', null,
	'a deletion is told to webhooks alone');
select * from finish();
rollback;
