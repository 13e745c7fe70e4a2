begin;
revoke select on batchline_base.consumer_offsets from batchline_gateway;
commit;
