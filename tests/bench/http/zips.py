# SPDX-License-Identifier: Apache-2.0
"""zips: a finished batch's ZIP is downloaded, the gateway beside Express with archiver, which makes it while it is sent.

400 files of 1 MiB, and 20,000 of 16 KiB, from the page cache, by one client and by 32. Limit: nginx, which sends the
finished ZIP by sendfile. Bytes from the middle on are compared with the file before it begins.

On a stack of postgres, kafka and gateway alone. Takes 1.5 GB of disk while it runs."""
import hashlib
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.request
import zipfile
from pathlib import Path

import fill
from common import (EACH_S, GATEWAY_PORT, PORT, ROUNDS, WORK, children, gateway, interval, nginx_start, servers, sql,
                    start, stop, used)
from submit import Memory

SETS = {"large": (400, 1 << 20), "small": (20000, 16 << 10)}
CLIENTS = (1, 32)


def prepare(folder, name, batch):
    """The files; their ZIP; and that as the archive of a batch."""
    n, size = SETS[name]
    (folder / name).mkdir()
    random = os.urandom(size)
    for i in range(n):
        (folder / name / f"{i:05}.jpg").write_bytes(random[:-8] + i.to_bytes(8, "big"))
    archive = servers.BLOBS / f"archives/{batch}/1.zip"
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as made:
        for path in sorted((folder / name).iterdir()):
            made.write(path, path.name)
    with archive.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    sql(f"update batchline.batches set archive_uri = 'blob:archives/{batch}/1.zip', archive_run_no = 1, archive_size = "
        f"{archive.stat().st_size}, archive_entries = {n}, archive_sha256 = '{sha256}' where id = '{batch}'")
    return archive


def until_there(url):
    for _ in range(200):
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=30).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"run: nothing at {url}")


def compare_middle(url, archive):
    """A resume: the second half, byte for byte."""
    middle = archive.stat().st_size // 2
    ask = urllib.request.Request(url, headers={"Range": f"bytes={middle}-"})
    with urllib.request.urlopen(ask) as answer, archive.open("rb") as file:
        file.seek(middle)
        assert answer.status == 206
        while piece := file.read(1 << 20):
            assert answer.read(len(piece)) == piece
        assert not answer.read(1)


def load(url, clients):
    """MiB a second."""
    said = subprocess.run(["wrk", f"-t{min(2, clients)}", f"-c{clients}", f"-d{EACH_S}s", "--timeout", "60s", url],
                          check=True, capture_output=True, text=True).stdout
    number, unit = re.search(r"Transfer/sec:\s+([\d.]+)(\w+)", said).groups()
    return float(number) * {"B": 2**-20, "KB": 2**-10, "MB": 1, "GB": 1024}[unit]


def measure(begin, url, clients):
    process = begin() if begin else None
    try:
        until_there(url)
        root = process.pid if process else gateway()
        memory = Memory(root)
        memory.start()
        before = used(children(root))
        rate = load(url, clients)
        memory.over.set()
        return {"rate": rate, "rss": memory.most, "server": (used(children(root)) - before) / rate / EACH_S * 1000}
    finally:
        if process:
            stop(process)


def compare(name, batch, folder):
    at = f"http://127.0.0.1:{PORT}"
    found = {"the gateway": (None, f"http://127.0.0.1:{GATEWAY_PORT}/api/batches/{batch}/download")}
    if shutil.which("node"):
        found["Express + archiver"] = (lambda: start(["node", WORK / "zip.mjs", str(PORT)], FOLDER=str(folder)),
                                       f"{at}/zip?set={name}")
    if shutil.which("nginx"):
        found["nginx, the finished ZIP (limit)"] = (
            lambda: nginx_start(f"location / {{ root {servers.BLOBS}/archives; }}", "user root;"), f"{at}/{batch}/1.zip")
    for clients in CLIENTS:
        taken = {server: [] for server in found}
        for turn in range(ROUNDS):
            for server in list(found) if turn % 2 == 0 else list(found)[::-1]:
                taken[server].append(measure(*found[server], clients))
        print(f"\n{SETS[name][0]} files of {SETS[name][1] >> 10} KiB, {clients} at once:\n\n| server | MiB/s | CPU-ms a MiB | "
              "RSS, MiB | the gateway to it |\n|---|---|---|---|---|")
        for server, runs in taken.items():
            row = [statistics.median(run[key] for run in runs) for key in ("rate", "server", "rss")]
            ratio = "" if server == "the gateway" else interval([r["rate"] for r in taken["the gateway"]],
                                                                [r["rate"] for r in runs])
            print(f"| {server} | {row[0]:.0f} | {row[1]:.3f} | {row[2]:.0f} | {ratio} |", flush=True)


def main():
    fill.fill(10)
    batches = sql("select id from batchline.batches where submitted_by = 'fill' and status = 'completed' "
                  "order by id limit 2").split()
    with tempfile.TemporaryDirectory(dir=servers.DIR) as folder:
        for name, batch in zip(SETS, batches):
            archive = prepare(Path(folder), name, batch)
            compare_middle(f"http://127.0.0.1:{GATEWAY_PORT}/api/batches/{batch}/download", archive)
            compare(name, batch, folder)
            archive.unlink()
