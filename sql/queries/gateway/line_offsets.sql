-- no parameters
-- How far the projection is, a row a partition.
select topic, partition, next_offset from consumer_offsets where grp = 'batchline-projector'
