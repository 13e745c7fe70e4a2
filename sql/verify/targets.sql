set search_path to batchline_base;
select id, service, target, phase, attention from delivery_states where false;
select 1 / (target_defect('webhook', '{"url": "https://example.org/in", "secret": "one"}') is null)::int;
select 1 / (target_defect('webhook', '{"url": "ftp://example.org", "secret": "one"}') is not null)::int;
