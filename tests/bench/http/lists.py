# SPDX-License-Identifier: Apache-2.0
"""lists: pages of fifty batches by HTTP, the gateway beside other servers over the same statements and tables.

BATCHES batches, put in by SQL with the line's own triggers. Each server answers 32 connections of wrk, which ask
for pages of all, of a status, of a customer and of deep offsets, one server after the other in each round. Beside a
writer of 500 changes a second ("changing"), so that nothing can be answered from before, and without one
("unchanged"; "304": by who has them already). Peers: Express, Fastify, Fastify that passes on JSON made by Postgres,
Go's net/http with pgx. Limits: pgbench with the same two statements, nginx with a file of a page's size."""
import json
import os
import re
import shutil
import statistics
import subprocess
import urllib.request
from urllib.parse import parse_qsl

from common import (BUILD, EACH_S, PORT, ROOT, ROUNDS, WARM_S, WORK, Writer, children, gateway, interval, nginx_start,
                    postmaster, questions, servers, sql, start, stop, until_answers, used, wrk)

BATCHES = int(os.environ.get("BATCHES", 100000))
DATABASE = servers.database_url("batchline_gateway")
STATEMENTS = {"COUNT_SQL": ROOT / "sql/queries/gateway/list_total.sql",
              "LIST_SQL": BUILD / "queries/gateway/list_created_at_desc.sql"}
TYPES = ("", "text[]", "text[]", "text", "date", "date", "uuid[]", "int", "bigint", "bigint", "uuid", "timestamptz")
PLANNED = "pgbench, the statements (limit)"
QUESTIONS = ["/api/batches?limit=50", "/api/batches?limit=50&offset=50", "/api/batches?limit=50&status=completed",
             "/api/batches?limit=50&customer_prefix=BENCH_N7", "/api/batches?limit=50&offset=900",
             "/api/batches?limit=50&status=failed"]

SEED = """
insert into batchline.batches (id, customer_prefix, batch_date, batch_counter, base_directory_name,
    render_description, submitted_by, pipeline_id, total_files, total_pipelines, total_size, status,
    jobs_completed, jobs_failed, partition, payload_sha256, created_at, updated_at, completed_at, announced_revision)
select gen_random_uuid(), p, d, c, p || '_' || d || '_batch-' || c, 'a batch of the bench', 'bench', 1, 20, 1,
       2000000, s, case s when 'completed' then 20 else 0 end, case s when 'failed' then 20 else 0 end,
       n % 4, sha256(n::text::bytea), at, at, at + interval '1 minute', 1
  from (select n, 'BENCH_N' || n % 40 as p, (date '2020-01-01' + (n / 400)::int) as d, (n % 400) / 40 + 1 as c,
               timestamptz '2020-01-01' + n * interval '216 seconds' as at,
               case n % 10 when 0 then 'failed' else 'completed' end as s
          from generate_series(0, {n} - 1) n) seeds
on conflict do nothing"""


# ---- what answers ----

def peer(command):
    return lambda: start(command, DATABASE=DATABASE, **{name: str(path) for name, path in STATEMENTS.items()})


def nginx():
    (WORK / "nginx").mkdir(exist_ok=True)
    (WORK / "nginx/page.json").write_bytes(urllib.request.urlopen(servers.GATEWAY + QUESTIONS[0]).read())
    return nginx_start("location / { root nginx; try_files /page.json =404; default_type application/json; }")


def peers():
    node = ["node", WORK / "list.mjs"]
    found = {"the gateway": None}
    if shutil.which("npm"):
        for name, kind in (("Express + pg", "express"), ("Fastify + pg", "fastify"),
                           ("Fastify, Postgres's JSON", "text")):
            found[name] = peer([*node, kind, str(PORT)])
    if shutil.which("go"):
        found["Go + pgx"] = peer([WORK / "go/list", str(PORT)])
    if shutil.which("nginx"):
        found["nginx, a file (limit)"] = nginx
    return found


# ---- one measurement ----

def script(conditional):
    """Each question in turn; with what was had of it before."""
    tags = [urllib.request.urlopen(servers.GATEWAY + q).headers["ETag"] for q in QUESTIONS]
    return questions([(q, f"['If-None-Match'] = {json.dumps(tag)}" if conditional else "")
                      for q, tag in zip(QUESTIONS, tags)])


def load(port, conditional, seconds):
    """pages a second, and the milliseconds of the slowest hundredth"""
    heard = wrk(f"http://127.0.0.1:{port}", seconds, "-c32", "-s", script(conditional))
    if heard.refused:
        raise SystemExit(f"run: {heard.refused} were not answered")
    return heard.rate, heard.p99


def measure(peer_start, conditional):
    process = peer_start() if peer_start else None
    port = PORT if process else servers.PORTS["gateway"]
    try:
        until_answers(f"http://127.0.0.1:{port}{QUESTIONS[0]}")
        root = process.pid if process else gateway()
        load(port, conditional, WARM_S)
        before = used(children(root)), used(children(postmaster()))
        rate, slow = load(port, conditional, EACH_S)
        pages = rate * EACH_S
        return {"rate": rate, "p99": slow, "server": (used(children(root)) - before[0]) / pages * 1e6,
                "postgres": (used(children(postmaster())) - before[1]) / pages * 1e6}
    finally:
        if process:
            stop(process)


def pgbench(plans):
    """Both statements for each of the questions, as the gateway sends them, by its number of connections. A statement
    with a parameter is planned each time, as the gateway's role has it; without one the plan is kept."""
    files = []
    for n, question in enumerate(QUESTIONS):
        asked = dict(parse_qsl(question.partition("?")[2]))
        status, customer = asked.get("status"), asked.get("customer_prefix")
        values = [None, None, f"'{{{status}}}'" if status else None, f"'{customer}'" if customer else None, *[None] * 4,
                  ":rows" if plans else "51", asked.get("offset", "0"), None, None]
        texts = [re.sub(r"\$(\d+)", lambda found: f"{values[int(found[1])] or 'null'}::{TYPES[int(found[1])]}",
                        re.sub(r"^--.*\n", "", path.read_text(), flags=re.M).strip()) for path in STATEMENTS.values()]
        if plans:
            texts[0] = texts[0].replace(" where ", " where :rows > 0 and ", 1)
        files.append(WORK / f"page{n}.sql")
        files[-1].write_text("\\set rows 51\n" + ";\n".join(texts) + ";\n")
    said = subprocess.run(["pgbench", "-n", "-M", "prepared", "-c8", "-j2", f"-T{EACH_S}",
                           *(word for path in files for word in ("-f", path)), DATABASE],
                          check=True, capture_output=True, text=True).stdout
    return {"rate": float(re.search(r"tps = ([\d.]+)", said)[1])}


# ---- tables ----

def table(title, taken):
    rates = {name: [run["rate"] for run in runs] for name, runs in taken.items()}
    print(f"\n{title}\n\n| server | pages/s | p99, ms | CPU-us a page: server | Postgres | the gateway to it |\n"
          "|---|---|---|---|---|---|")
    for name, runs in taken.items():
        row = [statistics.median(run[key] for run in runs) if key in runs[0] else None
               for key in ("rate", "p99", "server", "postgres")]
        ratio = "" if name == "the gateway" else interval(rates["the gateway"], rates[name])
        print(f"| {name} | {row[0]:.0f} | " + " | ".join("" if x is None else f"{x:.{d}f}" for x, d in zip(
            row[1:], (1, 0, 0))) + f" | {ratio} |", flush=True)


def compare(title, chosen, conditional=False, limit=False):
    taken = {name: [] for name in chosen}
    if limit:
        taken.update({PLANNED: [], "pgbench, its plans kept": []})
    for turn in range(ROUNDS):
        names = list(taken) if turn % 2 == 0 else list(taken)[::-1]
        for name in names:
            taken[name].append(pgbench(name == PLANNED) if name.startswith("pgbench")
                               else measure(chosen[name], conditional))
    table(title, taken)


def main():
    sql(SEED.format(n=BATCHES))
    sql("vacuum analyze batchline.batches")
    found = peers()
    static = {name: begin for name, begin in found.items() if "nginx" in name}
    dynamic = {name: begin for name, begin in found.items() if "nginx" not in name}
    print(f"{BATCHES} batches, {ROUNDS} rounds of {EACH_S} s, load {os.getloadavg()[0]:.1f} at the start")
    with Writer():
        compare("Beside 500 changes a second:", dynamic, limit=True)
    compare("While nothing changes:", {**dynamic, **static})
    compare("While nothing changes, asked by who has it (304):", {"the gateway": None, **{
        name: begin for name, begin in found.items() if name in ("Express + pg",) or "nginx" in name}},
        conditional=True)
