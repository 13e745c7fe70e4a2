set search_path to batchline_base;
select fence('verify', '{}', '{}', '{}', '{}', '{}', '{}');
select * from allocate_names('{}', '{}', '{}');
select 1 / has_function_privilege('batchline_projector',
	'fence(text, text[], int[], bigint[], bigint[], bigint[], bigint[])', 'execute')::int;
