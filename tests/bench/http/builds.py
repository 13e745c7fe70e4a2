# SPDX-License-Identifier: Apache-2.0
"""builds: a ZIP is made of files, by the archiver's writer beside archiver, libzip alone, zip -0 and Python's zipfile.

The same files, from the page cache, stored and not deflated, on disk at the end (fsync). Each is a process of its own:
its time, its processor time and its memory are the kernel's words. The archiver knows each file's CRC-32, as the renderer
told it, and reads the finished ZIP back; the others read each file once. Each ZIP is tested by Python's zipfile.

Needs no stack. Takes 1.5 GB of disk while it runs."""
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
import zipfile
import zlib
from pathlib import Path

from common import BUILD, HERE, ROOT, ROUNDS, WORK, interval

SETS = {"400 files of 1 MiB": (400, 1 << 20), "20,000 files of 16 KiB": (20000, 16 << 10)}
OURS = "the archiver's writer"


def prepare(folder, n, size):
    """The files, and the list of them."""
    folder.mkdir()
    random = os.urandom(size - 8)
    with open(f"{folder}.list", "w") as told:
        for i in range(n):
            content = random + i.to_bytes(8, "big")
            (folder / f"{i:05}.jpg").write_bytes(content)
            told.write(f"{zlib.crc32(content)} {size} {i:05}.jpg\n")


def builders(folder, out):
    ours = [WORK / "build"]
    found = {OURS: [*ours, "ours", folder, f"{folder}.list", out],
             "the same, and read back": [*ours, "checked", folder, f"{folder}.list", out],
             "libzip alone": [*ours, "libzip", folder, f"{folder}.list", out]}
    if shutil.which("zip"):
        found["zip -0"] = ["zip", "-0", "-q", "-r", "-j", out, folder]
    if shutil.which("node"):
        found["archiver"] = ["node", WORK / "build.mjs", folder, out]
    found["Python zipfile"] = ["python3", "-c", "import os, sys, zipfile\nwith zipfile.ZipFile(sys.argv[2], 'w') as z:\n"
                               "    for f in os.scandir(sys.argv[1]): z.write(f.path, f.name)", folder, out]
    return found


def measure(command, out, n):
    """Seconds, processor time, MiB."""
    out.unlink(missing_ok=True)
    os.sync()
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=WORK)
    over, most = 0, 0
    while not over:
        time.sleep(0.005)
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
        most = int(found[1]) if found else most
        over, status, usage = os.wait4(process.pid, os.WNOHANG)
    process.returncode = status
    fd = os.open(out, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
    took = time.monotonic() - begun
    if status:
        raise SystemExit(f"run: {command[0]} failed")
    with zipfile.ZipFile(out) as made:
        if len(made.namelist()) != n or (n < 1000 and made.testzip()):
            raise SystemExit(f"run: {command} made no ZIP of {n} files")
    return {"s": took, "cpu": usage.ru_utime + usage.ru_stime, "rss": most / 1024}


def compare(name, folder):
    n, size = SETS[name]
    prepare(folder, n, size)
    out = folder.with_suffix(".zip")
    found = builders(folder, out)
    taken = {builder: [] for builder in found}
    for turn in range(ROUNDS):
        for builder in list(found) if turn % 2 == 0 else list(found)[::-1]:
            taken[builder].append(measure(found[builder], out, n))
    print(f"\n{name}:\n\n| | seconds | CPU-s | RSS, MiB | its time to the writer's | its CPU time to the writer's |\n"
          "|---|---|---|---|---|---|")
    for builder, runs in taken.items():
        row = [statistics.median(run[key] for run in runs) for key in ("s", "cpu", "rss")]
        ratios = ["" if builder == OURS else interval([r[key] for r in runs], [r[key] for r in taken[OURS]])
                  for key in ("s", "cpu")]
        print(f"| {builder} | {row[0]:.2f} | {row[1]:.2f} | {row[2]:.0f} | {ratios[0]} | {ratios[1]} |", flush=True)


def main():
    subprocess.run(["cc", "-O2", "-std=c17", "-D_GNU_SOURCE", f"-I{ROOT}/lib", "-o", WORK / "build", HERE / "build.c",
                    BUILD / "libbatchline.a", "-lzip", "-lz", "-lcrypto"], check=True)
    print(f"{ROUNDS} rounds, load {os.getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        for i, name in enumerate(SETS):
            compare(name, Path(folder) / str(i))
