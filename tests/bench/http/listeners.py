# SPDX-License-Identifier: Apache-2.0
"""listeners: Server-Sent Events to many clients, the gateway beside Node's http and nginx with nchan.

A thousand clients and 50 events a second; 15,000 clients and as many events as bring as many deliveries. Each once with
clients that all read, once with one in a hundred that does not. The gateway's events are records of Kafka that it reads
and turns into JSON; the peers are handed the same JSON by POST. Limit: a loop over epoll that writes it to all.
A delivery is an event at one client; its time is from before it is published to its reading.

CLIENTS [1000,15000]   On a stack of postgres, kafka and gateway alone."""
import http.client
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import time

from confluent_kafka import Producer

from common import (EACH_S, GATEWAY_PORT, HERE, PORT, ROOT, ROUNDS, WORK, children, gateway, interval, nginx_start,
                    servers, start, stop, used)
from submit import Memory

sys.path.insert(0, str(ROOT / "tests/flow"))
MOST = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
SIZES = {1000: 50, 15000: 3}        # clients: events a second
CLIENTS = map(int, os.environ.get("CLIENTS", "1000,15000").split(","))
CUSTOMER = "BENCHLIVE"
NEVER = dict.fromkeys(("archive", "dropbox_directory_id", "monday_item_id", "error_code", "error_message", "completed_at",
                       "failures_tolerated"))
CHANGE = NEVER | {f"jobs_{s}": 0 for s in ("queued", "dispatched", "processing", "retry_wait", "completed", "failed",
                                           "cancelled")} | {
    "event_id": "0f1f6a5e-0000-4000-8000-000000000001", "batch_id": "0f1f6a5e-0000-4000-8000-000000000002",
    "occurred_at": 1767225600000000, "created_at": 1767225600000000, "updated_at": 1767225600000000, "revision": 7,
    "run_no": 1, "partition": 0, "status": "processing", "control": "run", "customer_prefix": CUSTOMER,
    "base_directory_name": f"{CUSTOMER}_2026-01-01_batch-1", "batch_date": 20454, "batch_counter": 1,
    "submitted_by": "bench", "pipeline_id": 1, "priority": 5, "total_files": 100, "total_pipelines": 1, "total_size": 10**6}
NCHAN = "/usr/lib/nginx/modules/ngx_nchan_module.so"
NGINX = """location /events { nchan_subscriber eventsource; nchan_channel_id bench; nchan_subscriber_first_message newest; }
location /publish { nchan_publisher; nchan_channel_id bench; nchan_message_buffer_length 100; }"""


def stamp():
    return f"t={time.time_ns() // 1000:016}"


def by_kafka():
    """How the gateway is told; the records are written by fastavro."""
    os.environ.setdefault("BATCHLINE_TOPIC_PREFIX", servers.PREFIX)
    import events                    # of tests/flow
    producer = Producer({"bootstrap.servers": f"127.0.0.1:{servers.PORTS['kafka']}", "linger.ms": 0})

    def tell():
        producer.produce(f"{servers.PREFIX}batches", events.encode("BatchChanged", CHANGE | {"render_description": stamp()},
                                                                   plain=True), CHANGE["batch_id"])
        producer.flush()
    return tell


def by_post(path, shown):
    """How the peers are: with the JSON that the gateway made of such a record."""
    line = http.client.HTTPConnection("127.0.0.1", PORT)

    def tell():
        line.request("POST", path, shown.replace("STAMP", stamp()))
        line.getresponse().read()
    return tell


class Listeners:
    def __init__(self, port, path, clients, stalled):
        self.process = subprocess.Popen([WORK / "listen", str(port), path, str(clients), str(stalled)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != "ready\n":
            raise SystemExit("run: the clients could not all be opened")

    def heard(self):
        """Since the last time: events, milliseconds at the median and at 99 %."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        n, p50, p99 = map(int, self.process.stdout.readline().split())
        return n, p50 / 1000, p99 / 1000

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def tell_for(seconds, rate, tell):
    began = time.monotonic()
    for i in range(int(seconds * rate)):
        tell()
        time.sleep(max(0, began + (i + 1) / rate - time.monotonic()))


def until(listens):
    """Whoever ended takes its port with it a moment later."""
    for _ in range(200):
        with socket.socket() as one:
            if (one.connect_ex(("127.0.0.1", PORT)) == 0) == listens:
                return
        time.sleep(0.05)
    raise SystemExit(f"run: port {PORT} is {'not ' if listens else ''}taken")


def measure(begin, tell, path, clients, share):
    process = begin() if begin else None
    try:
        if process:
            until(listens=True)
        root = process.pid if process else gateway()
        memory = Memory(root)
        listeners = Listeners(PORT if process else GATEWAY_PORT, path, clients, int(clients * share))
        memory.start()
        tell, rate = tell(), SIZES[clients]
        tell_for(1, rate, tell)
        time.sleep(1)
        listeners.heard()
        before = used(children(root))
        tell_for(EACH_S, rate, tell)
        time.sleep(1)
        n, p50, p99 = listeners.heard()
        took = used(children(root)) - before
        memory.over.set()
        listeners.end()
        due = int(EACH_S * rate) * (clients - int(clients * share))
        return {"share": 100 * n / due, "cpu": took / max(1, n) * 1e6, "p50": p50, "p99": p99,
                "kib": memory.most * 1024 / clients}
    finally:
        if process:
            stop(process)
            until(listens=False)


def shown_by_the_gateway():
    """The data of one event, with STAMP where its time goes. A gateway that has just begun does not follow the topic
    yet, and says so."""
    tell = by_kafka()
    while True:
        listener = http.client.HTTPConnection("127.0.0.1", GATEWAY_PORT)
        listener.request("GET", f"/api/events?customer_prefix={CUSTOMER}")
        answer = listener.getresponse()
        if answer.status == 200:
            break
        time.sleep(0.2)
    while True:
        line = answer.readline().decode()
        if line.startswith("id: "):
            tell()
        if line.startswith("data: {") and '"t=' in line:
            at = line.index('"t=') + 1
            return (line[:at] + "STAMP" + line[at + len(stamp()):]).removeprefix("data: ").rstrip()


def servers_found():
    shown = shown_by_the_gateway()
    found = {"the gateway": (None, by_kafka, f"/api/events?customer_prefix={CUSTOMER}")}
    if shutil.which("node"):
        found["Node http"] = (lambda: start(["node", WORK / "listen.mjs", str(PORT)]), lambda: by_post("/", shown), "/")
    if shutil.which("nginx") and os.path.exists(NCHAN):
        found["nchan"] = (lambda: nginx_start(NGINX, f"load_module {NCHAN}; worker_rlimit_nofile {MOST};"),
                          lambda: by_post("/publish", shown), "/events")
    found["a loop (limit)"] = (lambda: start([WORK / "listen", str(PORT)]), lambda: by_post("/", shown), "/")
    return found


def compare(found, clients, share):
    taken = {server: [] for server in found}
    for turn in range(ROUNDS):
        for server in list(found) if turn % 2 == 0 else list(found)[::-1]:
            taken[server].append(measure(*found[server], clients, share))
    print(f"\n{clients} clients, {SIZES[clients]} events/s, {'one in a hundred does' if share else 'none does'} not read:\n\n"
          "| server | delivered | p50, ms | p99, ms | CPU-us a delivery | KiB of memory a client | its time to the gateway's |"
          "\n|---|---|---|---|---|---|---|")
    for server, runs in taken.items():
        row = [statistics.median(run[key] for run in runs) for key in ("share", "p50", "p99", "cpu", "kib")]
        ratio = "" if server == "the gateway" else interval([r["cpu"] for r in runs],
                                                            [r["cpu"] for r in taken["the gateway"]])
        print(f"| {server} | {row[0]:.1f} % | {row[1]:.1f} | {row[2]:.1f} | {row[3]:.2f} | {row[4]:.1f} | {ratio} |", flush=True)


def main():
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", WORK / "listen", HERE / "listen.c"], check=True)
    found = servers_found()
    for clients in CLIENTS:
        for share in (0, 0.01):
            compare(found, clients, share)
