-- $1::text service   $2::text settings
select target_defect($1, $2::json)
