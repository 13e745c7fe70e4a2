# SPDX-License-Identifier: Apache-2.0
"""One client, and what it may ask beside the others: a gateway of its own, with small limits."""
import contextlib
import http.client
import json
import os
import socket
import subprocess
import urllib.request

import pytest
from test_gateway_keys import Keys
from test_webhook import ADMIN

import gateway
import line
import servers


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


class Strict:
    """A gateway that gives each key a request a second, four at once, and two in work."""
    def __init__(self, folder):
        self.port, self.health = free_port(), free_port()
        env = {**os.environ, **servers.service_environment("gateway"),
               "BATCHLINE_LISTEN": f"127.0.0.1:{self.port}",
               "BATCHLINE_HEALTH_LISTEN": f"127.0.0.1:{self.health}", "BATCHLINE_IN_FLIGHT_MAX": "2",
               "BATCHLINE_RATE_REQUESTS": "1", "BATCHLINE_RATE_SUBMISSIONS": "1"}
        with open(folder / "log", "wb") as log:
            self.process = subprocess.Popen([servers.service_program("gateway")], env=env, stderr=log)
        line.until(lambda: servers.answers(self.port) or None)

    def get(self, path, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return gateway.Answer(response, response.read())

    def refused(self, limit):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.health}/metrics", timeout=30) as answer:
            rows = answer.read().decode().splitlines()
        return next(int(row.split()[-1]) for row in rows
                    if row.startswith(f'batchline_http_refused_total{{limit="{limit}"}}'))


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    keys = Keys(ADMIN)
    one, other = keys.add("read", "submit"), keys.add("read", "submit")
    s = Strict(tmp_path_factory.mktemp("strict"))
    s.one, s.other = one, other
    try:
        yield s
    finally:
        s.process.terminate()
        s.process.wait(60)
        keys.remove()
        gateway.until(lambda: gateway.get("/api/batches").status == 200, "the gateway notices")


def test_who_asks_too_often_is_told_to_come_again_and_nobody_else_is(strict):
    refused = [a for a in (strict.get("/api/pipelines", strict.one) for _ in range(30)) if a.status == 429]

    assert refused and refused[0].problem() == "too-many"
    assert refused[0].headers["Retry-After"] == "1"
    assert "An API key may send 1 requests a second" in refused[0].json()["detail"]
    assert strict.get("/api/pipelines", strict.other).status == 200
    assert strict.refused("rate") == len(refused)


def test_who_has_too_much_in_work_is_told_so(strict):
    authorization = strict.other["Authorization"]
    head = (f"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n"
            "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
    with contextlib.ExitStack() as held:
        for _ in range(2):
            s = held.enter_context(socket.create_connection(("127.0.0.1", strict.port)))
            s.sendall(head.encode())

        def third():
            """the two are in work"""
            answer = strict.get("/api/pipelines", strict.other)
            return answer if answer.status == 429 and "in work" in json.loads(answer.body)["detail"] else None

        assert gateway.until(third).json()["detail"] == (
            "An API key has 2 requests in work, which is the most.")
        assert strict.refused("in_flight") >= 1
        health = http.client.HTTPConnection("127.0.0.1", strict.health, timeout=30)
        health.request("GET", "/healthz")
        assert health.getresponse().status == 200
