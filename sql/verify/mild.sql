select 1 / (count(*) = 0)::int from batchline_base.pipelines
 where (id, md5(definition::text)) in ((1, '5d1c7dc96e0a3ef230fb023033c44014'),
	(2, 'b97d1cfc7d658e95bae1e9408b158193'));
