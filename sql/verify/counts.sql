set search_path to :"schema", batchline_base;
select customer_prefix, batch_date, status, partition, batches, files, size from batch_counts where false;
select * from batches_counted(null, null, null, null, null, false) where false;
