-- $1::text[] customers the caller may see   $2::uuid[] ids   $3::text target   $4::text service
-- $5::text phase   $6::text state   $7::uuid batch   $8::text customer; each null: no matter
-- $9::bool skip, else replay   $10::bigint rows
-- Those with which it can be done, the newest first.
select id from deliveries_found($1::text[], $2::uuid[], $3::text, $4::text, $5::text, $6::text,
	$7::uuid, $8::text)
 where case when $9 then no_skip else no_replay end is null
 order by created_at desc, id desc limit $10::bigint
