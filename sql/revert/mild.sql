begin;
update batchline_base.pipelines
   set definition = replace(definition::text, '{"operation":"sharpen_mild"}',
	'{"operation":"sharpen"}')::json
 where (id, md5(definition::text)) in ((1, '95f03a827513a8be3a86e3a1a46aa49e'),
	(2, '48dd5f0b9d00b086caafad069f18ca43'));
commit;
