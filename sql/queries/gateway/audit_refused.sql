-- $1::text actor   $2::text action   $3::text object   $4::text outcome   $5::text source   $6::timestamptz when
-- What anybody can have written does not grow at will: one a minute from each address, ten from all.
with last as (
	select object, source from (select * from audit where action = $2 order by id desc limit 100) as a
	 where outcome = $4 and at > $6::timestamptz - interval '1 minute'
)
insert into audit (actor, action, object, outcome, source, at)
select $1, $2, $3, $4, $5, $6
 where (select count(*) from last) < 10
   and not exists (select from last where object = $3 and source = $5)
