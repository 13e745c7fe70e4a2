-- $1::int pipeline; no row: there is none, or it is switched off
select name from pipelines where id = $1::int and enabled
