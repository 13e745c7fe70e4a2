-- $1::uuid[] batches   $2::text[] prefixes   $3::date[] days
-- Gives new batches their names, for ever, before the turn that makes them; the turn's own commit
-- follows in the same log, so this one need not wait for the disk.
select set_config('synchronous_commit', 'off', true), count(*) from allocate_names($1, $2, $3)
