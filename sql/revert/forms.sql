begin;
set local search_path to :"schema", batchline_base;
create or replace function batches_found(customers text[], statuses text[], customer text, day_from date,
	day_to date, pattern text)
returns setof batch_items language sql stable as $$
	select b.* from batch_items b
	 where ($1 is null or b.customer_prefix = any ($1))
	   and ($2 is null or b.status = any ($2))
	   and ($3 is null or b.customer_prefix = $3)
	   and ($4 is null or b.batch_date >= $4)
	   and ($5 is null or b.batch_date <= $5)
	   and ($6 is null or b.id in (
		select n.id from batches n
		 where n.base_directory_name ilike $6 or n.render_description ilike $6
		union
		select j.batch_id from jobs j where j.file_name ilike $6))
$$;

drop index batches_text;
create index batches_text on batches using gin (base_directory_name gin_trgm_ops, render_description gin_trgm_ops);
create index batches_name on batches (base_directory_name, id);
commit;
