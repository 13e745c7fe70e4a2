set search_path to :"schema", batchline_base;
select batch_id, words from batch_texts where false;
select batches_searched('%abc%', 1) where false;
select * from batches_found(null, null, null, null, null, null, null) where false;
