select id, name, enabled, definition::text, created_at from pipelines order by id
