-- Does the database answer, and may this role read what the lists are made of? It is asked before a
-- row is read, and none is.
select from api_keys, pipelines, batches, batch_items, jobs, outputs limit 0
