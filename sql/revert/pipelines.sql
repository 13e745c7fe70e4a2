begin;
delete from batchline_base.pipelines where id in (1, 2, 3);
commit;
