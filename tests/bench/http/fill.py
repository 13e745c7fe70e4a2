#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fill: the tables of a running stack with so many finished batches of five jobs, for the benches of the gateway.

By SQL, with the triggers off; what they keep (statuses, counters, words to search) is put in beside, and
verify_batches() says at the end that it is right. What is there already stays: the next fill goes on from there, and one that is no larger does nothing.
Batches are five minutes apart from 2016 on and of 40 customers. A file is called sku-colour-cloth-view.jpg: a
colour or a cloth is in very many batches, a sku in one, and each hundredth batch is described by one of 100 rare
words.

STACK_DIR=.stack-bench STACK_PORT_SHIFT=4000 tests/bench/http/fill 1000000

A million takes about ten minutes and 6 GB."""
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "docker"))
import servers  # noqa: E402

CHUNK = 50_000
COLOURS = "black white ivory camel olive amber coral mauve azure khaki peach lilac rusty sandy ochre denim".split()
CLOTHS = "linen cotton wool silk velvet suede satin jersey".split()

SEEDS = """
set session_replication_role = replica;
set synchronous_commit = off;
create temp table seeds as
select n, substr(lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7'
              || substr(md5(n::text), 1, 3) || 'a' || substr(md5(n::text), 4, 15), 1, 32)::uuid as id,
       'BENCH_N' || n % 40 as p, (at at time zone 'UTC')::date as d, n / 40 + 1 as c, at, n % 10 = 0 as bad
  from (select n, timestamptz '2016-01-01Z' + n * interval '5 minutes' as at
          from generate_series({first}, {end} - 1) n) n;
create temp table files as
select s.id as batch_id, position, s.at, s.bad, 'sku' || lpad((s.n * 5 + position)::text, 7, '0') || '-' ||
       (array[{colours}])[1 + (hashint8(s.n * 5 + position) & 15)] || '-' ||
       (array[{cloths}])[1 + (hashint8(s.n * 5 + position) >> 4 & 7)] || '-' ||
       (array['front','back','side','detail','hero'])[position + 1] || '.jpg' as name
  from seeds s cross join generate_series(0, 4) position;

insert into batchline.batches (id, customer_prefix, batch_date, batch_counter, base_directory_name,
    render_description, submitted_by, pipeline_id, total_files, total_pipelines, total_size, status, has_started,
    jobs_completed, jobs_failed, partition, payload_sha256, created_at, updated_at, updated_minute, completed_at,
    last_fact_at, announced_revision, unannounced)
select id, p, d, c, p || '_' || d || '_batch-' || c, 'season ' || n / 20000 || case when n % 100 = 0
       then ' rare' || substr(md5((n / 100 % 100)::text), 1, 6) else '' end, 'fill', 1, 5, 1, 500000,
       case when bad then 'failed' else 'completed' end, true, case when bad then 0 else 5 end,
       case when bad then 5 else 0 end, n % 4, sha256(n::text::bytea), at, at, date_trunc('minute', at),
       at + interval '1 minute', at + interval '1 minute', 1, false
  from seeds;
insert into batchline.jobs (id, batch_id, position, file_name, output_stem, source_uri, size, status, created_at,
    started_at, completed_at)
select md5(batch_id || ' ' || position)::uuid, batch_id, position, name, left(name, -4),
       'blob:sha256/' || encode(sha256(name::bytea), 'hex'), 100000,
       case when bad then 'failed' else 'completed' end, at, at, at + interval '1 minute'
  from files;
insert into batchline.batch_texts (batch_id, words)
select b.id, concat_ws(e'\\n', b.base_directory_name, b.render_description)
  from seeds s join batchline.batches b using (id)
union all
select batch_id, string_agg(name, e'\\n' order by position) from files group by batch_id"""

COUNTS = """
set session_replication_role = replica;
delete from batchline.batch_counts;
insert into batchline.batch_counts select * from batchline.batch_recounts;
delete from batchline.hour_counts;
insert into batchline.hour_counts select * from batchline.hour_recounts"""


def sql(text):
    done = servers.psql(text, "batchline")
    if done.returncode:
        raise SystemExit(f"fill: {done.stderr}")
    return done.stdout.strip()


def fill(batches):
    first = int(sql("select count(*) from batchline.batches where submitted_by = 'fill'"))
    began = time.monotonic()
    if first >= batches:
        return
    while first < batches:
        end = min(first + CHUNK, batches)
        sql(SEEDS.format(first=first, end=end, colours=", ".join(map(repr, COLOURS)),
                         cloths=", ".join(map(repr, CLOTHS))))
        first = end
        print(f"{end} batches, {time.monotonic() - began:.0f} s", flush=True)
    sql(COUNTS)
    for table in ("batches", "jobs", "batch_texts", "batch_counts", "hour_counts"):
        sql(f"vacuum analyze batchline.{table}")
    sql("checkpoint")
    # batches of other benches have no jobs
    wrong = sql("select v.* from batchline.verify_batches() v left join batchline.batches b on b.id = v.batch_id "
                "where b.submitted_by is distinct from 'bench' limit 3")
    if wrong:
        raise SystemExit(f"fill: the counters are not right: {wrong}")


if __name__ == "__main__":
    fill(int(sys.argv[1]))
