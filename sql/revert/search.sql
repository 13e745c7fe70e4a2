begin;
set local search_path to :"schema", batchline_base;
drop function batches_found(text[], text[], text, date, date, uuid[], int);
create function batches_found(customers text[], statuses text[], customer text,
	day_from date, day_to date, pattern text)
returns setof batch_items language sql stable as $$
	select b.* from batch_items b
	 where ($1 is null or b.customer_prefix = any ($1))
	   and ($2 is null or b.status = any ($2))
	   and ($3 is null or b.customer_prefix = $3)
	   and ($4 is null or b.batch_date >= $4)
	   and ($5 is null or b.batch_date <= $5)
	   and ($6 is null or b.id in (
		select n.id from batches n
		 where n.base_directory_name ilike normalize($6)
		    or normalize(n.render_description) ilike normalize($6)
		union
		select j.batch_id from jobs j
		 where case when octet_length(j.file_name) = char_length(j.file_name) then j.file_name
		       else normalize(j.file_name) end ilike normalize($6)))
$$;
create index batches_text on batches using gin (base_directory_name gin_trgm_ops,
	normalize(render_description) gin_trgm_ops);
drop trigger batches_text on batches;
drop trigger jobs_text on jobs;
drop trigger jobs_untext on jobs;
drop function batches_text(), jobs_text(), jobs_untext(), batches_searched(text, int);
drop table batch_texts;
commit;
