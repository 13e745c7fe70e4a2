# SPDX-License-Identifier: Apache-2.0
"""Renderers of a test's own, in place of the stack's."""
import json
import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import events
import line

sys.path.insert(0, str(events.ROOT / "docker"))
import servers  # noqa: E402

STACK = events.ROOT / "docker/stack"


def stack(*words):
    subprocess.run([STACK, *words], check=True, capture_output=True)


class Renderer:
    """A process that renders, with `children` places."""
    def __init__(self, folder, children=1, instance="", **more):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = Path(folder) / f"renderer-{port}.log"
        self.env = {**os.environ, **servers.service_environment("renderer"),
                    "BATCHLINE_CHILDREN": str(children), "BATCHLINE_INSTANCE": instance,
                    "BATCHLINE_HEALTH_LISTEN": f"127.0.0.1:{port}", **more}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([servers.service_program("renderer")], env=self.env,
                                            stderr=log)

    def is_ready(self):
        try:
            with urllib.request.urlopen(self.url + "/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def metric(self, name):
        with urllib.request.urlopen(self.url + "/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(int(row.rsplit(" ", 1)[1]) for row in lines if row.startswith(name))

    def rss_kib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(row.split()[1]) for row in status.splitlines() if row.startswith("VmRSS"))

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def commands(folder, **programs):
    """The file of commands: name=(program, arguments)."""
    path = Path(folder) / "commands.json"
    path.write_text(json.dumps({name: {"program": program, "arguments": arguments}
                                for name, (program, arguments) in programs.items()}))
    return str(path)


def pipeline(name, definition):
    """The id of a pipeline that does this."""
    status, _, body = line.call("POST", "/api/pipelines", {"name": name, "definition": definition})
    assert status in (200, 201), (status, body)
    return json.loads(body)["id"]
