select topic, partition, letter_offset, written_at, state, reason, actor, settled_at, times
  from batchline_base.settled_letters where false;
select 1 / has_table_privilege('batchline_gateway', 'batchline_base.settled_letters', 'select, insert')::int;
