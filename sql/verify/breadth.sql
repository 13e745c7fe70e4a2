set search_path to :"schema", batchline_base;
select 1 / (count(*) = 0)::int from batch_texts where words <> lower(words);
select batches_searched('%abc%', 1), search_breadth('abc') where false;
