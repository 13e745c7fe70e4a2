-- $1::text name   $2::text definition   $3::int8 enabled ones at most
-- Its id, and whether it is new: the same as the newest of its name is that one. Nothing when there
-- are too many.
with last as (
	select id, enabled and definition::text = $2 as same from pipelines where name = $1
	 order by id desc limit 1
), made as (
	insert into pipelines (name, definition)
	select $1, $2::json
	 where not exists (select from last where same)
	   and (select count(*) from pipelines where enabled) < $3
	returning id
)
select id, true as is_new from made
union all
select id, false from last where same
