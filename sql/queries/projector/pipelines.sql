-- $1::int8 at most
-- Every pipeline: id, number of views, enabled.
select id, json_array_length(definition -> 'views'), enabled from pipelines order by id limit $1::int8
