begin;
revoke select on batchline_base.pipelines, batchline_base.consumer_offsets from batchline_janitor;
commit;
