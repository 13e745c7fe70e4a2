-- $1::int pipeline, null: all
select id, name, enabled, definition::text, created_at from pipelines where $1::int is null or id = $1 order by id
