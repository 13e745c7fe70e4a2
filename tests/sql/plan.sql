-- The counters' trigger reaches batches by the key alone, whatever the tables held when its plan
-- was made: plpgsql keeps the plan of the first call (discard plans makes the next one the first).
\ir setup.psql
select no_plan();
select set_config(split_part(setting, '=', 1), split_part(setting, '=', 2), true) as as_the_projector
  from pg_roles cross join unnest(rolconfig) setting
 where rolname = 'batchline_projector' and setting ~ '^(plan_cache_mode|enable_|jit)' \g /dev/null

-- Batches are made here by thousands of statements in one transaction, as by nobody else: the rows that
-- count them would have as many versions.
alter table batches disable trigger batches_count_insert;
alter table batches disable trigger batches_count_update;

create function pg_temp.batches_read() returns bigint language sql as $$
	select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables
	 where relid = 'batches'::regclass
$$;
create function pg_temp.many(n int) returns void language sql as $$
	select count(pg_temp.a_batch(1)) from generate_series(1, n)
$$;
-- How many batches are read by one statement that changes one job of each of 100 batches.
create function pg_temp.reads() returns bigint language plpgsql as $$
declare
	before bigint;
	chosen uuid[] := array(select j.id from jobs j join batches b on b.id = j.batch_id
	                        where j.status = 'queued' order by b.batch_counter desc limit 100);
begin
	before := pg_temp.batches_read();
	update jobs set status = 'dispatched', lease_until = now() where id = any (chosen);
	return pg_temp.batches_read() - before;
end
$$;
create function pg_temp.first_plan(make text) returns bigint language plpgsql as $$
begin
	truncate batches cascade;
	discard plans;
	execute make;
	perform pg_temp.many(3000);
	return pg_temp.reads();
end
$$;

-- Twice: by the trigger, and by the check of the foreign key, since the jobs are of this transaction.
select is(pg_temp.first_plan(make), 200::bigint, says || ': batches are read by their key') from (values
	('first called with nothing, on empty tables',
	 'insert into jobs select * from jobs; update jobs set status = status'),
	('first called with one row, on empty tables',
	 'select pg_temp.a_batch(1); update jobs set status = ''cancelled'', completed_at = now()'),
	('first called with 3000 batches, on empty tables',
	 'select pg_temp.many(3000); update jobs set status = ''cancelled'', completed_at = now()'),
	('first called on a table that is known to hold one row',
	 'select pg_temp.a_batch(1); analyze batches; analyze jobs; update jobs set status = ''cancelled'', completed_at = now()'),
	('first called on a table that is known to be empty',
	 'analyze batches; analyze jobs; update jobs set status = status'))
	as v (says, make);

-- The measure sees a bad plan.
create function pg_temp.naive() returns trigger language plpgsql as $$
begin
	update batches b set jobs_queued = b.jobs_queued - d.n, jobs_dispatched = b.jobs_dispatched + d.n
	  from (select n.batch_id, count(*) as n from new_rows n join old_rows o on o.id = n.id group by 1) d
	 where b.id = d.batch_id;
	return null;
end
$$;
create trigger zz_naive after update on jobs referencing old table as old_rows new table as new_rows
	for each statement execute function pg_temp.naive();
alter table jobs disable trigger jobs_count_update;
select cmp_ok(pg_temp.first_plan('insert into jobs select * from jobs; update jobs set status = status'), '>', 1000::bigint,
	'a trigger that joins its rows with batches is seen to read them all');
drop trigger zz_naive on jobs;
alter table jobs enable trigger jobs_count_update;

select ok(prosrc !~* '\mjoin\M', proname || ' joins nothing') from pg_proc
 where proname in ('jobs_count_insert', 'jobs_count_update', 'jobs_count_delete', 'batches_count')
   and pronamespace = (select relnamespace from pg_class where oid = 'jobs'::regclass);

-- Rows keep still: a change of what is changed most writes to no index.
select ok(pg_get_indexdef(indexrelid) !~ '\m(status|lease_until|attempt|error|completed_at|started_at)',
	indexrelid::regclass || ' mentions no column that a job''s way changes')
  from pg_index where indrelid = 'jobs'::regclass;
create function pg_temp.hot(change text) returns int[] language plpgsql as $$
declare
	jobs_before bigint[];
	stands bigint[];
begin
	select array[n_tup_upd, n_tup_hot_upd] into jobs_before from pg_stat_xact_user_tables where relid = 'jobs'::regclass;
	execute change;
	select array[n_tup_upd, n_tup_hot_upd] into stands from pg_stat_xact_user_tables where relid = 'jobs'::regclass;
	return array[stands[1] - jobs_before[1], stands[2] - jobs_before[2]];
end
$$;
select is(pg_temp.hot(format('select pg_temp.move(%L, %L, %L)', pg_temp.a_batch(10), '{0,1,2,3,4,5,6,7,8,9}', status)),
	'{10,10}'::int[], 'jobs that become ' || status || ' stay where their indexes point')
  from unnest('{dispatched,processing,completed,failed,cancelled}'::text[]) status;

-- What the gateway reads most has an index, in whatever form the words are written.
create function pg_temp.plan_of(query text) returns text language plpgsql as $$
declare
	line text;
	plan text := '';
begin
	for line in execute 'explain ' || query loop
		plan := plan || line || e'\n';
	end loop;
	return plan;
end
$$;
truncate batches cascade;
select pg_temp.many(3000) \g /dev/null
insert into batches (id, customer_prefix, batch_date, batch_counter, base_directory_name, render_description,
	submitted_by, pipeline_id, total_files, total_pipelines, partition, payload_sha256, created_at)
select gen_random_uuid(), 'W', '2001-01-01', i, 'W_2001-01-01_batch-' || i,
       'a ' || case i % 2 when 0 then 'caf' || chr(233) else 'cafe' || chr(769) end, 'test', 1, 0, 1, 3, sha256('x'), now()
  from generate_series(1, 6) i;
analyze batches;
analyze batch_texts;
set local enable_seqscan = off;
-- One text a batch, and one for its files, without a word of any job's row.
select matches(pg_temp.plan_of(format($$ select * from texts_found(%L, 1000) $$, pattern)),
	'Bitmap Index Scan on batch_texts_words', 'words are found by their index: ' || pattern)
  from unnest(array['%_batch-1234%', '%file_0%', '%cafe' || chr(769) || '%']) pattern;
select is((select count(distinct s)::int from batches_searched('%' || word || '%', 1000) s), 6, word || ' finds both forms')
  from (values ('caf' || chr(233)), ('cafe' || chr(769)), ('CAF' || chr(201))) as v (word);
select is((select count(*)::int from batches_searched('%cafe%', 1000)), 0, 'a letter without its accent is another');
select is((select count(*)::int from batches_searched('%file_0.png%', 1000)), 1001, 'what finds too much says one more than the most');
select results_eq($$ select search_parts('velvet-bl') order by 1 $$, $$ select unnest(array['  b', ' bl', 'elv', 'et ', 'lve', 'vel', 'vet']) order by 1 $$,
	'the index finds words by three letters in a row, and by where one begins or ends within them');
select cmp_ok(search_breadth('file_0.png'), '>=', 3000::bigint, 'what is in every text is known to be common');
select cmp_ok(search_breadth('file_0.png 4712'), '<', 3000::bigint, 'with a part that is not, it is less');
select is(search_breadth('zebra'), 0::bigint, 'what is in none is no work');
select set_eq($$ select count(*) from batches_searched('%file_0.png%', 100) $$, array[101::bigint], 'what is common is too much');
delete from batch_texts;
select set_eq($$ select count(*) from batches_searched('%FILE_0.png%', 100) $$, array[101::bigint], 'and that without a look at the texts');
select unalike(pg_temp.plan_of($$ select * from batches_found(null, null, null, null, null, array[gen_random_uuid()], null) $$),
	'%Seq Scan%', 'what was found is read by its key');
select matches(pg_temp.plan_of($$ select * from batches_found(null, null, null, null, null, null, null) b
	 where (customer_prefix, batch_date, batch_counter) > ('PL', '2001-02-03', 5)
	 order by customer_prefix, batch_date, batch_counter limit 10 $$),
	'^Limit[^\n]*\n *->  Index Scan using batches_customer_prefix_batch_date_batch_counter_key[^\n]*\n *Index Cond', 'a page by name is read along its index');

select * from finish();
rollback;
