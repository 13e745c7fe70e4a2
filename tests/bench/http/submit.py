# SPDX-License-Identifier: Apache-2.0
"""submit: a picture of 98 KB a submission, the gateway beside other servers.

As multipart/form-data and as base64 within JSON, by 32 connections, each picture another one; answered when it is on
disk and its record is acknowledged by all replicas. Peers: Express with its JSON parser, Express with multer, Fastify
with its multipart plugin, each with kafkajs. Limit: a loop that takes the bodies and does nothing with them
(receive.c). Then 256 connections, and the memory of the server.

On a stack of postgres, kafka and gateway alone (docker/stack up postgres kafka gateway): projector and renderers would
work on what comes in."""
import base64
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from confluent_kafka import KafkaError
from confluent_kafka.admin import AdminClient, NewTopic

from common import (EACH_S, GATEWAY_PORT, HERE, PORT, ROUNDS, WARM_S, WORK, children, gateway, interval, servers, start,
                    stop, used, wrk)

SIZE, NUMBER = 98 * 1024, 16
EDGE, TOPIC = "batchline-bench-edge", "bench.submissions"
FIELDS = {"pipeline_id": 1, "customer_prefix": "BENCH"}


def picture():
    """A JPEG with bytes behind its end, in which each submission has its own number."""
    photo = (servers.ROOT / "docker/demo/photos/PL_DXB_coffee-bar.jpg").read_bytes()
    return photo + bytes(SIZE - len(photo) - NUMBER)


def script(kind):
    """A script for wrk: head, number, tail. The numbers begin elsewhere each time."""
    if kind == "json":
        head = json.dumps({**FIELDS, "file_name": "photo.jpg"})[:-1] + ', "file_data": "' + base64.b64encode(
            picture()[:SIZE // 3 * 3 - 3 * NUMBER]).decode()
        tail, content = '"}', "application/json"
    else:
        head = "".join(f'--{EDGE}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value
                       in FIELDS.items()) + (f'--{EDGE}\r\nContent-Disposition: form-data; name="files"; '
                       'filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n')
        tail, content = f"\r\n--{EDGE}--\r\n", f"multipart/form-data; boundary={EDGE}"
    (WORK / f"head-{kind}").write_bytes(head.encode() + (b"" if kind == "json" else picture()))
    path = WORK / f"submit-{kind}.lua"
    path.write_text(f"""local file = io.open("{WORK}/head-{kind}", "rb")
local head, tail, n = file:read("*a"), {json.dumps(tail)}, 0
local thread = 0
function setup(t) thread = thread + 1; t:set("first", thread * 1e12 + os.time() * 1e6) end
function request()
  n = n + 1
  return wrk.format("POST", "/api/jobs", {{ ["Content-Type"] = "{content}", ["Prefer"] = "respond-async" }},
    head .. string.format("%0{NUMBER}.0f", first + n) .. tail)
end
""")
    return path


class Memory(threading.Thread):
    """The most that a server and its children have resident, MiB, looked at ten times a second."""

    def __init__(self, root):
        super().__init__(daemon=True)
        self.root, self.most, self.over = root, 0, threading.Event()

    def run(self):
        while not self.over.wait(0.1):
            pages = 0
            for pid in children(self.root):
                try:
                    pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                except FileNotFoundError:
                    pass
            self.most = max(self.most, pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def measure(begin, kind, connections):
    """Submissions a second, p99, processor time a submission, memory."""
    with tempfile.TemporaryDirectory(dir=servers.DIR) as folder:
        process = begin(folder) if begin else None
        port = PORT if begin else GATEWAY_PORT
        try:
            for _ in range(400):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5)
                    break
                except urllib.error.HTTPError:
                    break
                except OSError:
                    time.sleep(0.05)
            root = process.pid if process else gateway()
            load = ("-s", script(kind), f"-c{connections}")
            wrk(f"http://127.0.0.1:{port}", WARM_S, *load)
            memory = Memory(root)
            memory.start()
            before = used(children(root))
            heard = wrk(f"http://127.0.0.1:{port}", EACH_S, *load)
            memory.over.set()
            if heard.refused:
                raise SystemExit(f"run: {heard.refused} submissions were refused")
            return {"rate": heard.rate, "p99": heard.p99, "rss": memory.most,
                    "server": (used(children(root)) - before) / max(1, heard.rate) / EACH_S * 1e6}
        finally:
            if process:
                stop(process)


def peers():
    node = ["node", WORK / "submit.mjs"]
    environment = {"BROKER": f"127.0.0.1:{servers.PORTS['kafka']}", "TOPIC": TOPIC}

    def peer(kind):
        return lambda folder: start([*node, kind, str(PORT)], FOLDER=folder, **environment)
    found = {"the gateway, multipart": (None, "multipart"), "the gateway, JSON": (None, "json")}
    if shutil.which("node"):
        found |= {"Express, JSON": (peer("json"), "json"), "Express + multer": (peer("multer"), "multipart"),
                  "Fastify + multipart": (peer("fastify"), "multipart")}
    found["a receive loop (limit)"] = (lambda _: start([WORK / "receive", str(PORT)]), "multipart")
    return found


def compare(connections):
    found = peers()
    taken = {name: [] for name in found}
    for turn in range(ROUNDS):
        for name in list(found) if turn % 2 == 0 else list(found)[::-1]:
            taken[name].append(measure(*found[name], connections))
    print(f"\n{connections} connections:\n\n| server | submissions/s | p99, ms | CPU-us a submission | RSS, MiB | "
          "the gateway to it |\n|---|---|---|---|---|---|")
    for name, runs in taken.items():
        row = [statistics.median(run[key] for run in runs) for key in ("rate", "p99", "server", "rss")]
        ours = taken["the gateway, JSON" if "JSON" in name else "the gateway, multipart"]
        ratio = "" if "the gateway" in name else interval([r["rate"] for r in ours], [r["rate"] for r in runs])
        print(f"| {name} | " + " | ".join(f"{x:.{d}f}" for x, d in zip(row, (0, 1, 0, 0))) + f" | {ratio} |", flush=True)


def main():
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-pthread", "-o", WORK / "receive", HERE / "receive.c"], check=True)
    admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{servers.PORTS['kafka']}"})
    made = admin.create_topics([NewTopic(TOPIC, 4, 1)])[TOPIC].exception(30)
    if made and made.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
        raise SystemExit(f"run: {made}")
    print(f"{SIZE} bytes a picture, {ROUNDS} rounds of {EACH_S} s, load {os.getloadavg()[0]:.1f} at the start")
    compare(32)
    compare(256)
