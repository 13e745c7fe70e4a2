-- $1::text[] customers the caller may see   $2::uuid[] ids   $3::text target   $4::text service
-- $5::text phase   $6::text state   $7::uuid batch   $8::text customer; each null: no matter
-- $9::bigint rows   $10::bigint rows to skip   $11::uuid id of the row before, null: from the start
-- $12::timestamptz its created_at
select id, service, target, batch_id, base_directory_name, run_no, state, phase, attempts, next_try_at,
       attention, external_id, link, error_code, error_message, created_at, settled_at, no_replay, no_skip
  from deliveries_found($1::text[], $2::uuid[], $3::text, $4::text, $5::text, $6::text,
	$7::uuid, $8::text)
 where $11::uuid is null or (created_at, id) < ($12::timestamptz, $11)
 order by created_at desc, id desc limit $9::bigint offset $10::bigint
