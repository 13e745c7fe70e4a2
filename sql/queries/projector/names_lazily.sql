-- The turn's own commit, which follows, makes these names as durable as the batches.
set local synchronous_commit to off
