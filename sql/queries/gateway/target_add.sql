-- $1::text service   $2::text name   $3::text[] customers, null: all   $4::text[] states, null: the usual
-- $5::text settings   $6::bool enabled, null: yes
-- Nothing when the name is taken.
insert into targets (service, name, customers, states, settings, enabled)
values ($1, $2, $3, coalesce($4::text[], '{completed,partial,failed}'), $5::json, coalesce($6, true))
on conflict (name) do nothing
