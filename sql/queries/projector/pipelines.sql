-- $1::int8 at most
-- Every pipeline that takes submissions, and the newest of those that took some: id, number of views,
-- enabled, since when it is not.
select id, json_array_length(definition -> 'views'), enabled, disabled_at from pipelines
 order by enabled desc, id desc limit $1::int8
