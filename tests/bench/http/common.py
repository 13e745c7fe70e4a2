# SPDX-License-Identifier: Apache-2.0
"""What the rows of the gateway's benches have in common: where the stack is, processor time, peers, ratios."""
import collections
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

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "docker"))
import servers  # noqa: E402

BUILD = ROOT / os.environ.get("BUILD", "build")
WORK = BUILD / "bench/http"
ROUNDS = int(os.environ.get("ROUNDS", 7))
EACH_S = int(os.environ.get("EACH_S", 8))
WARM_S = max(1, EACH_S // 3)
PORT = servers.PORTS["gateway"] + 500
GATEWAY_PORT = servers.PORTS["gateway"]
TICK = os.sysconf("SC_CLK_TCK")


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
        except (FileNotFoundError, ProcessLookupError):
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


# ---- peers ----

def install():
    """Peers, as their own package managers pin them."""
    WORK.mkdir(parents=True, exist_ok=True)
    for path in [*(HERE / "peers").glob("*.mjs"), *(HERE / "peers").glob("package*.json")]:
        shutil.copy(path, WORK / path.name)
    lock, had = (WORK / "package-lock.json").read_text(), WORK / "node_modules/installed.json"
    if shutil.which("npm") and not (had.exists() and had.read_text() == lock):
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=WORK, check=True)
        had.write_text(lock)
    if shutil.which("go"):
        subprocess.run(["go", "build", "-o", WORK / "go/list", "."], cwd=HERE / "peers/go", check=True)
    for program in ("npm", "go", "nginx"):
        if not shutil.which(program):
            print(f"run: no {program}; what needs it is left out", file=sys.stderr)


def start(command, **more):
    """A peer, in a group of its own; stop() ends it."""
    return subprocess.Popen(command, cwd=WORK, env={**os.environ, **more}, stdout=subprocess.DEVNULL,
                            start_new_session=True)


def stop(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def until_answers(url):
    for _ in range(200):
        try:
            return urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"run: nothing answers at {url}")


def nginx_start(locations, more=""):
    """nginx at PORT, with these locations; paths are of WORK."""
    (WORK / "nginx.conf").write_text(f"""{more} worker_processes 2; daemon off; pid {WORK}/nginx.pid;
error_log stderr; events {{ worker_connections 20000; }} http {{ access_log off; sendfile on;
keepalive_requests 1000000; client_body_temp_path {WORK}/nginx-body;
server {{ listen 127.0.0.1:{PORT}; {locations} }} }}""")
    return subprocess.Popen(["nginx", "-p", WORK, "-c", WORK / "nginx.conf"], stderr=subprocess.DEVNULL,
                            start_new_session=True)


# ---- loads ----

Heard = collections.namedtuple("Heard", "rate p50 p99 refused")
SCALE = {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}


def wrk(url, seconds, *more, threads=2):
    """What two threads of wrk hear: answers a second, milliseconds, and how many were not 2xx or 3xx."""
    said = subprocess.run(["wrk", f"-t{threads}", f"-d{seconds}s", "--latency", *more, url], check=True,
                          capture_output=True, text=True).stdout
    if "99%" not in said:
        raise SystemExit(f"run: wrk says no quantiles\n{said}")

    def quantile(percent):
        number, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s|m)\s", said).groups()
        return float(number) * SCALE[unit]
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return Heard(float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]), quantile(50), quantile(99),
                 int(refused[1]) if refused else 0)


def questions(asked):
    """A script for wrk that asks these in turn: paths, each with headers."""
    path = WORK / "questions.lua"
    path.write_text("local requests, n = {}, 0\ninit = function()\n" + "".join(
        f"  requests[{i}] = wrk.format('GET', {json.dumps(q)}, {{{headers}}})\n" for i, (q, headers)
        in enumerate(asked)) + f"end\nrequest = function() n = n + 1; return requests[n % {len(asked)}] end\n")
    return path


class Writer:
    """500 changes a second, by pgbench, of batches that every page may show."""

    def __enter__(self):
        path = WORK / "change.sql"
        path.write_text("\\set n random(0, 99)\nupdate batchline.batches set error_message = 'seen ' || "
                        "clock_timestamp() where id = (select id from batchline.batches order by created_at desc "
                        "limit 1 offset :n);\n")
        self.process = subprocess.Popen(["pgbench", "-n", "-M", "prepared", "-c1", "-R500", "-T100000", "-f", path,
                                         servers.database_url("postgres")], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


# ---- ratios ----

def interval(ours, theirs):
    chance = random.Random(1)
    ratios = sorted(statistics.median(chance.choices(ours, k=len(ours)))
                    / statistics.median(chance.choices(theirs, k=len(theirs))) for _ in range(4000))
    return (f"{statistics.median(ours) / statistics.median(theirs):.2f} "
            f"({ratios[100]:.2f} to {ratios[3899]:.2f})")
