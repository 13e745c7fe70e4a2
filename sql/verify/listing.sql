set search_path to :"schema";
select * from batch_items where false;
select * from batches_found(null, null, null, null, null, null) limit 0;
