select 1 / (count(*) = 3)::int from batchline_base.pipelines where id in (1, 2, 3);
