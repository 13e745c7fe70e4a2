begin;
set local search_path to :"schema", batchline_base;
drop function batches_searched(text, int), texts_found(text, int), search_breadth(text), search_parts(text);
drop statistics batch_texts_parts;
create function batches_searched(pattern text, most int) returns setof uuid language sql stable as $$
	select batch_id from batch_texts where words ilike normalize($1) limit $2 + 1
$$;
create or replace function batches_text() returns trigger language plpgsql
set search_path from current as $$
begin
	insert into batch_texts (batch_id, words)
	select id, normalize(concat_ws(e'\n', base_directory_name, render_description)) from new_rows;
	return null;
end
$$;
create or replace function jobs_text() returns trigger language plpgsql
set search_path from current as $$
begin
	insert into batch_texts (batch_id, words)
	select batch_id, normalize(string_agg(file_name, e'\n' order by position))
	  from new_rows group by batch_id, position / 500;
	return null;
end
$$;
commit;
