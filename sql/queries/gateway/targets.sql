-- $1::text name, null: all
select id, service, name, customers, states, settings, enabled, attention, attention_at, held_until,
       created_at, open, failed
  from target_items where $1::text is null or name = $1 order by name
