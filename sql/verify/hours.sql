set search_path to :"schema", batchline_base;
select hour, customer_prefix, partition, completed, failed, batches from hour_counts where false;
select 1 / (count(*) = 0)::int from verify_batches();
