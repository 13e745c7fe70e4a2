-- $1::text[] inputs
-- Those that no job names, nor any pipeline, be it switched off. No index knows what jobs name: one look through them.
select uri from unnest($1::text[]) as _ (uri)
except
select source_uri from jobs where source_uri = any ($1)
except
select 'blob:sha256/' || found[1] from pipelines, regexp_matches(definition::text, '[0-9a-f]{64}', 'g') as _ (found)
