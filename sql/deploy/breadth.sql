-- A search takes no longer than it may, however many batches there are. What is common is known before it is
-- looked for: the index would give every text that has the parts of the words (trigrams), and each would be read.
-- Texts are kept in small letters, so that reading one takes a fifth of the time.
begin;
set local search_path to :"schema", batchline_base;

drop index batch_texts_words;
update batch_texts set words = lower(words) where words <> lower(words);
create index batch_texts_words on batch_texts using gin (words gin_trgm_ops) with (gin_pending_list_limit = 1024);
comment on table batch_texts is
	'What a search looks through, in NFC and small letters, a line a name. Gone with the jobs of a deleted batch.';

create or replace function batches_text() returns trigger language plpgsql
set search_path from current as $$
begin
	insert into batch_texts (batch_id, words)
	select id, lower(normalize(concat_ws(e'\n', base_directory_name, render_description))) from new_rows;
	return null;
end
$$;
create or replace function jobs_text() returns trigger language plpgsql
set search_path from current as $$
begin
	insert into batch_texts (batch_id, words)
	select batch_id, lower(normalize(string_agg(file_name, e'\n' order by position)))
	  from new_rows group by batch_id, position / 500;
	return null;
end
$$;

-- ANALYZE counts in how many texts each common trigram is.
create statistics batch_texts_parts on (show_trgm(words)) from batch_texts;
analyze batch_texts;

-- Parts that a text with these words has: each three letters in a row, and where a word begins or ends within
-- them, what the index has for that: two spaces before it and one behind.
create function search_parts(words text) returns setof text language sql immutable as $$
	select distinct substr(spaced, i, 3)
	  from (select regexp_replace(words, '[^[:alnum:]]+', '   ', 'g') as spaced) s,
	       generate_series(1, length(spaced) - 2) i
	 where substr(spaced, i, 3) !~ '  $'
$$;
comment on function search_parts is 'The trigrams that the index finds words by.';

-- At most so many texts have them all: as many as have the rarest. 0 where that is in few, or nobody counted.
create function search_breadth(words text) returns bigint language sql stable
security definer set search_path from current as $$
	select coalesce(min(coalesce(common.share, 0)), 0) * (select reltuples from pg_class where oid = 'batch_texts'::regclass)
	  from search_parts($1) part
	  left join (select unnest(s.most_common_elems::text::text[]) as part, unnest(s.most_common_elem_freqs) as share
		       from pg_stats_ext_exprs s
		      where s.statistics_schemaname = current_schema() and s.statistics_name = 'batch_texts_parts') common
		on common.part = part.part
$$;
comment on function search_breadth is 'How many texts a search would read at most, as far as ANALYZE knows.';

create function texts_found(pattern text, most int) returns setof uuid language sql stable as $$
	select batch_id from batch_texts where words like $1 limit $2 + 1
$$;
comment on function texts_found is 'The batches of texts that are like a pattern in small letters.';

-- Where there are more than most, or twenty times as many texts would have to be read, the answer has one more
-- than most, and says nothing of the rest. The plan is the index's, whatever the pattern, and made once.
drop function batches_searched(text, int);
create function batches_searched(pattern text, most int) returns setof uuid language plpgsql stable
set search_path from current set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
	small text := lower(normalize(pattern));
begin
	if search_breadth(regexp_replace(trim(both '%' from small), '\\(.)', '\1', 'g')) > 20 * most then
		return query select null::uuid from generate_series(0, most);
	else
		return query select * from texts_found(small, most);
	end if;
end
$$;
comment on function batches_searched is 'The batches that words are found in.';

revoke execute on function search_breadth from public;
grant execute on function search_breadth to batchline_gateway;
commit;
