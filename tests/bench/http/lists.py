#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run: pages of fifty batches by HTTP, the gateway beside other servers over the same statements and tables.

On a running stack of its own, since it fills the table: BATCHES batches, put in by SQL with the line's own
triggers. Each server then answers 32 connections of wrk, which ask for pages of all, of a status, of a customer
and of deep offsets, one server after the other in each round. Beside a writer of 500 changes a second
("changing"), so that nothing can be answered from before, and without one ("unchanged"; "304": by who has them
already). Peers: Express, Fastify, Fastify that passes on JSON made by Postgres, Go's net/http with pgx. Limits:
pgbench with the same two statements, nginx with a file of a page's size.

A line is the median of the rounds: pages a second, and processor time a page of the server and of Postgres. The
gateway's ratios to the others come with the interval of their bootstrap.

Wants wrk, and where they are to be had node and npm, go, nginx; what is not there is said and left out:
STACK_DIR=.stack-bench STACK_PORT_SHIFT=4000 make up; then this, with the same two.

BATCHES [100000]   ROUNDS [7]   EACH_S [8] seconds a measurement, after a third of that to warm up"""
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "docker"))
import servers  # noqa: E402

BUILD = ROOT / os.environ.get("BUILD", "build")
WORK = BUILD / "bench/http"
BATCHES = int(os.environ.get("BATCHES", 100000))
ROUNDS = int(os.environ.get("ROUNDS", 7))
EACH_S = int(os.environ.get("EACH_S", 8))
WARM_S = max(1, EACH_S // 3)
PORT = servers.PORTS["gateway"] + 500
TICK = os.sysconf("SC_CLK_TCK")
DATABASE = servers.database_url("batchline_gateway")
STATEMENTS = {"COUNT_SQL": ROOT / "sql/queries/gateway/list_count.sql",
              "LIST_SQL": BUILD / "queries/gateway/list_created_at_desc.sql"}
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
CHANGE = "update batchline.batches set error_message = 'seen ' || clock_timestamp() where id = "


# ---- processor time ----

def children(pid):
    found = [pid]
    for one in found:
        try:
            found += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
        except FileNotFoundError:
            pass
    return found


def used(pids):
    """Seconds so far, of those that live."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        total += (int(fields[11]) + int(fields[12])) / TICK
    return total


def postmaster():
    return int((servers.postgres_data() / "postmaster.pid").read_text().split()[0])


def gateway():
    said = json.loads((servers.DIR / "run/state.json").read_text())
    return next(p["pid"] for p in said["processes"] if p["name"] == "gateway")


def sql(text):
    done = servers.psql(text, "batchline")
    if done.returncode:
        raise SystemExit(f"run: {done.stderr}")
    return done.stdout.strip()


# ---- what answers ----

def peer(command, cwd=WORK, **more):
    environment = {**os.environ, "DATABASE": DATABASE, **{k: str(v) for k, v in STATEMENTS.items()}, **more}
    return lambda: subprocess.Popen(command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL,
                                    start_new_session=True)


def nginx():
    page = urllib.request.urlopen(servers.GATEWAY + QUESTIONS[0]).read()
    folder = WORK / "nginx"
    folder.mkdir(exist_ok=True)
    (folder / "page.json").write_bytes(page)
    (folder / "nginx.conf").write_text(f"""worker_processes 2; daemon off; pid {folder}/pid; error_log stderr;
events {{}} http {{ access_log off; sendfile on; keepalive_requests 1000000; server {{ listen 127.0.0.1:{PORT};
location / {{ root {folder}; try_files /page.json =404; default_type application/json; }} }} }}""")
    return subprocess.Popen(["nginx", "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL,
                            start_new_session=True)


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
    for program in {"npm", "go", "nginx"}:
        if not shutil.which(program):
            print(f"run: no {program}; what needs it is left out", file=sys.stderr)
    return found


def install():
    WORK.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "list.mjs"):
        shutil.copy(HERE / "peers" / name, WORK / name)
    if shutil.which("npm") and not (WORK / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=WORK, check=True)
    if shutil.which("go"):
        subprocess.run(["go", "build", "-o", WORK / "go/list", "."], cwd=HERE / "peers/go", check=True)


def until_answers(port):
    for _ in range(200):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}{QUESTIONS[0]}", timeout=5).read()
        except OSError:
            time.sleep(0.05)
    raise SystemExit("run: a peer does not answer")


# ---- one measurement ----

def script(conditional):
    """For wrk: each question in turn; with what was had of it before."""
    tags = [urllib.request.urlopen(servers.GATEWAY + q).headers["ETag"] for q in QUESTIONS]
    path = WORK / "questions.lua"
    path.write_text("local requests, n = {}, 0\ninit = function()\n" + "".join(
        f"  requests[{i}] = wrk.format('GET', {json.dumps(q)}, {{{tag}}})\n" for i, (q, tag) in enumerate(zip(
            QUESTIONS, [f"['If-None-Match'] = {json.dumps(t)}" if conditional else "" for t in tags])))
        + f"end\nrequest = function() n = n + 1; return requests[n % {len(QUESTIONS)}] end\n")
    return path


def load(port, conditional, seconds):
    """pages a second, and the milliseconds of the slowest hundredth"""
    said = subprocess.run(["wrk", "-t2", "-c32", f"-d{seconds}s", "--latency", "-s", script(conditional),
                           f"http://127.0.0.1:{port}"], check=True, capture_output=True, text=True).stdout
    if "Non-2xx or 3xx" in said:
        raise SystemExit(f"run: not each was answered\n{said}")
    if "99%" not in said:
        raise SystemExit(f"run: wrk says no quantiles\n{said}")
    slow, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)\s", said).groups()
    return (float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
            float(slow) * {"us": 0.001, "ms": 1, "s": 1000}[unit])


class Writer:
    """500 changes a second, by pgbench, of batches that every page may show."""

    def __enter__(self):
        path = WORK / "change.sql"
        path.write_text("\\set n random(0, 99)\n" + CHANGE + "(select id from batchline.batches "
                        "order by created_at desc limit 1 offset :n);\n")
        self.process = subprocess.Popen(["pgbench", "-n", "-M", "prepared", "-c1", "-R500", "-T100000", "-f", path,
                                         servers.database_url("postgres")], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def measure(start, conditional):
    process = start() if start else None
    port = PORT if start else servers.PORTS["gateway"]
    try:
        until_answers(port)
        root = process.pid if process else gateway()
        load(port, conditional, WARM_S)
        before = used(children(root)), used(children(postmaster()))
        rate, slow = load(port, conditional, EACH_S)
        pages = rate * EACH_S
        return {"rate": rate, "p99": slow, "server": (used(children(root)) - before[0]) / pages * 1e6,
                "postgres": (used(children(postmaster())) - before[1]) / pages * 1e6}
    finally:
        if process:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def pgbench():
    """Both statements, as the gateway sends them, by its number of connections."""
    path = WORK / "page.sql"
    # one writes $1 by itself, :p1 by pgbench; the filters are all null here
    texts = [re.sub(r"\$10\b", "null", s.read_text()) for s in STATEMENTS.values()]
    texts = [re.sub(r"\$11\b", "null", t) for t in texts]
    texts = [re.sub(r"\$8\b", "51", re.sub(r"\$9\b", "0", re.sub(r"\$[1-7]\b", "null", t))) for t in texts]
    path.write_text(";\n".join(re.sub(r"^--.*\n", "", t, flags=re.M).strip() for t in texts) + ";\n")
    said = subprocess.run(["pgbench", "-n", "-M", "prepared", "-c8", "-j2", f"-T{EACH_S}", "-f", path, DATABASE],
                          check=True, capture_output=True, text=True).stdout
    return {"rate": float(re.search(r"tps = ([\d.]+)", said)[1])}


# ---- tables ----

def interval(ours, theirs):
    chance = random.Random(1)
    ratios = sorted(statistics.median(chance.choices(ours, k=len(ours)))
                    / statistics.median(chance.choices(theirs, k=len(theirs))) for _ in range(4000))
    return (f"{statistics.median(ours) / statistics.median(theirs):.2f} "
            f"({ratios[100]:.2f} to {ratios[3899]:.2f})")


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
        taken["pgbench, the statements (limit)"] = []
    for turn in range(ROUNDS):
        names = list(taken) if turn % 2 == 0 else list(taken)[::-1]
        for name in names:
            taken[name].append(pgbench() if name.startswith("pgbench") else measure(chosen[name], conditional))
    table(title, taken)


def main():
    install()
    sql(SEED.format(n=BATCHES))
    sql("vacuum analyze batchline.batches")
    found = peers()
    static = {name: start for name, start in found.items() if "nginx" in name}
    dynamic = {name: start for name, start in found.items() if "nginx" not in name}
    print(f"{BATCHES} batches, {ROUNDS} rounds of {EACH_S} s, load {os.getloadavg()[0]:.1f} at the start")
    with Writer():
        compare("Beside 500 changes a second:", dynamic, limit=True)
    compare("While nothing changes:", {**dynamic, **static})
    compare("While nothing changes, asked by who has it (304):", {"the gateway": None, **{
        name: start for name, start in found.items() if name in ("Express + pg",) or "nginx" in name}},
        conditional=True)


if __name__ == "__main__":
    main()
