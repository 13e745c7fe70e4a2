-- $1::int pipeline   $2::bool enabled   $3::int8 enabled ones at most
-- What was submitted before it was switched off is still taken.
update pipelines set enabled = $2, disabled_at = case when not $2 then now() end
 where id = $1 and enabled <> $2
   and (not $2 or (select count(*) from pipelines where enabled) < $3)
