-- Every pipeline: id, definition, number of views, enabled.
select id, definition::text, json_array_length(definition -> 'views'), enabled from pipelines
