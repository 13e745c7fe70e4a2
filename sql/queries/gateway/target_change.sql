-- $1::text name   $2::bool the customers change   $3::text[] customers, null: all   $4::text[] states
-- $5::text settings   $6::bool enabled; null: as they are
-- Switched on, it is called again whatever was the matter.
update targets
   set customers = case when $2 then $3 else customers end, states = coalesce($4, states),
       settings = coalesce($5::json, settings), enabled = coalesce($6, enabled),
       attention = case when $6 then null else attention end,
       attention_at = case when $6 then null else attention_at end
 where name = $1
