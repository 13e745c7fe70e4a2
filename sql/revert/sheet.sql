begin;
revoke select on batchline_base.pipelines from batchline_archiver;
commit;
