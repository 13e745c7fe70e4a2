-- Words are looked for in one text a batch, not in every job's file name: the name and the description,
-- and the file names by 500. A text is written once and never changed, so its index costs nothing
-- when a batch goes on; one on batches was written with every change that is not HOT.
begin;
set local search_path to :"schema", batchline_base;

create table batch_texts (
	batch_id  uuid not null,
	words     text not null
) with (autovacuum_vacuum_scale_factor = 0.05);
comment on table batch_texts is
	'What a search looks through, in NFC, a line a name. Gone with the jobs of a deleted batch.';

create function batches_text() returns trigger language plpgsql
set search_path from current as $$
begin
	insert into batch_texts (batch_id, words)
	select id, normalize(concat_ws(e'\n', base_directory_name, render_description)) from new_rows;
	return null;
end
$$;
create function jobs_text() returns trigger language plpgsql
set search_path from current as $$
begin
	insert into batch_texts (batch_id, words)
	select batch_id, normalize(string_agg(file_name, e'\n' order by position))
	  from new_rows group by batch_id, position / 500;
	return null;
end
$$;
create function jobs_untext() returns trigger language plpgsql
set search_path from current set enable_seqscan = off as $$
begin
	delete from batch_texts where batch_id = any (array(select distinct batch_id from old_rows));
	return null;
end
$$;
comment on function batches_text is 'Keeps the words of new batches.';
comment on function jobs_text is 'Keeps the file names of new jobs.';
comment on function jobs_untext is 'Forgets the words of batches whose jobs are deleted.';

create trigger batches_text after insert on batches
	referencing new table as new_rows for each statement execute function batches_text();
create trigger jobs_text after insert on jobs
	referencing new table as new_rows for each statement execute function jobs_text();
create trigger jobs_untext after delete on jobs
	referencing old table as old_rows for each statement execute function jobs_untext();

insert into batch_texts (batch_id, words)
select id, normalize(concat_ws(e'\n', base_directory_name, render_description)) from batches
 where deleted_at is null
union all
select batch_id, normalize(string_agg(file_name, e'\n' order by position))
  from jobs group by batch_id, position / 500;
create index batch_texts_batch on batch_texts (batch_id);
create index batch_texts_words on batch_texts using gin (words gin_trgm_ops) with (gin_pending_list_limit = 1024);
drop index batches_text;

-- The batches that words are found in. Where there are more than most, the answer has one more text
-- than that, and says nothing of the rest.
create function batches_searched(pattern text, most int) returns setof uuid language sql stable as $$
	select batch_id from batch_texts where words ilike normalize($1) limit $2 + 1
$$;

-- ids: those of a search. counter: with the customer and the day it is the name.
drop function batches_found(text[], text[], text, date, date, text);
create function batches_found(customers text[], statuses text[], customer text, day_from date,
	day_to date, ids uuid[], counter int)
returns setof batch_items language sql stable as $$
	select b.* from batch_items b
	 where ($1 is null or b.customer_prefix = any ($1))
	   and ($2 is null or b.status = any ($2))
	   and ($3 is null or b.customer_prefix = $3)
	   and ($4 is null or b.batch_date >= $4)
	   and ($5 is null or b.batch_date <= $5)
	   and ($6 is null or b.id = any ($6))
	   and ($7 is null or b.batch_counter = $7)
$$;

grant select, insert, delete on batch_texts to batchline_projector;
grant select on batch_texts to batchline_gateway;
commit;
