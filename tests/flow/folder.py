# SPDX-License-Identifier: Apache-2.0
"""A watched folder with a service of its own, and a gate before the gateway that holds a request
where a test wants it."""
import contextlib
import http.client
import http.server
import io
import os
import resource
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image

import line

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("BUILD", ROOT / "build")).absolute() / "bin/batchline-folder"
ADDRESS = urlsplit(line.URL)
OURS = (".batchline", "sent", "done", "failed")


def picture(n):
    """All different, so that no two have the same blob."""
    out = io.BytesIO()
    Image.new("RGB", (40 + n % 40, 30 + n // 40 % 40), (n % 256, n // 256, 77)).save(out, "JPEG")
    return out.getvalue()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Gate:
    """Passes requests on. hold(METHOD, START, answered=...) stops the next such one, before the
    gateway has it or before its answer leaves; `reached` tells when, `let_go` lets all pass."""

    def __init__(self, port=0):
        self.rule, self.reached, self.free = None, threading.Event(), threading.Event()
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def serve(self):
                length = self.headers.get("Content-Length")
                body = self.rfile.read(int(length)) if length else self.chunks()
                gate.stop(self.command, self.path, False)
                peer = http.client.HTTPConnection(ADDRESS.hostname, ADDRESS.port, timeout=60)
                with contextlib.closing(peer):
                    headers = {k: v for k, v in self.headers.items() if k.lower() not in (
                        "host", "content-length", "transfer-encoding", "expect", "connection")}
                    peer.request(self.command, self.path, body, headers)
                    answer = peer.getresponse()
                    content = answer.read()
                gate.stop(self.command, self.path, True)
                with contextlib.suppress(OSError):
                    self.send_response(answer.status)
                    for name, value in answer.getheaders():
                        if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                            self.send_header(name, value)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            def chunks(self):
                if self.headers.get("Transfer-Encoding") != "chunked":
                    return None
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            do_GET = do_POST = do_HEAD = serve

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def hold(self, method, start, answered):
        self.reached.clear()
        self.free.clear()
        self.rule = (method, start, answered)

    def stop(self, method, path, answered):
        rule = self.rule
        if rule and rule[0] == method and path.startswith(rule[1]) and rule[2] == answered:
            self.reached.set()
            self.free.wait(60)

    def let_go(self):
        self.rule = None
        self.free.set()

    def close(self):
        self.let_go()
        self.server.shutdown()
        self.server.server_close()


class Watched:
    """DIR, and who watches it."""

    def __init__(self, root):
        self.root, self.port, self.process = root, free_port(), None
        root.mkdir(exist_ok=True)
        self.log = root.with_suffix(".log")

    def start(self, *flags, url=line.URL, port=None, room=None):
        """room: bytes that a file may have, as on a disk that is full then; more_room() ends that."""
        def narrow():
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))

        with self.log.open("a") as log:
            process = subprocess.Popen(
                [PROGRAM, "--folder", self.root, "--url", url, "--settle", "1", "--pipeline", "1",
                 "--health-listen", f"127.0.0.1:{port or self.port}", *flags], stderr=log,
                restore_signals=room is None, preexec_fn=None if room is None else narrow)
        self.process = self.process if port else process
        return process

    def more_room(self):
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)

    def end(self, how=signal.SIGTERM):
        if not self.process:
            return None
        self.process.send_signal(how)
        status, self.process = self.process.wait(60), None
        return status

    def put(self, name, files, beside=()):
        """A folder that is there at once."""
        hidden = self.root / f".{name}"
        hidden.mkdir()
        for file, content in {**files, **dict(beside)}.items():
            (hidden / file).write_bytes(content)
        hidden.rename(self.root / name)

    def ready(self, port=None):
        with contextlib.suppress(OSError):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port or self.port}/readyz") as answer:
                    return answer.read().decode()
            except urllib.error.HTTPError as e:
                with e:
                    return e.read().decode()

    def names(self, place="."):
        """What a person sees there."""
        return sorted(p.name for p in (self.root / place).iterdir() if p.name not in OURS
                      and not p.name.startswith(".")) if (self.root / place).is_dir() else []

    def files(self, place):
        return {p.name: p.read_bytes() for p in (self.root / place).iterdir()}

    def why(self, name):
        path = self.root / "failed" / name / "why.txt"
        return path.read_text() if path.exists() else None

    def is_idle(self):
        """nothing under way"""
        return not list((self.root / ".batchline").glob("*.json")) and not self.names()


def batches(customer):
    return line.get(f"/api/batches?customer_prefix={customer}")["data"]
