# SPDX-License-Identifier: Apache-2.0
"""One client, and what it may ask beside the others: a gateway of its own, with small limits."""
import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import urllib.request

import pytest
from test_gateway_keys import Keys
from test_webhook import ADMIN

import gateway
import line
import servers


PAGE = "https://app.example"

# Run in a network of its own, where 192.0.2.1 is an address that is not loopback.
FROM_AFAR = """
import http.client, json, os, subprocess, sys, time
subprocess.run("ip link set lo up; ip addr add 192.0.2.1/24 dev lo", shell=True, check=True)
server = subprocess.Popen(sys.argv[1:], stderr=subprocess.DEVNULL)
def statuses(host, n):
    said = []
    while len(said) < n:
        c = http.client.HTTPConnection(host, 8080, timeout=30)
        try:
            c.request("GET", "/api/pipelines")
            said.append(c.getresponse().status)
        except ConnectionRefusedError:
            time.sleep(0.05)
    return said
print(json.dumps([statuses("127.0.0.1", 20), statuses("192.0.2.1", 20)]))
server.terminate()
server.wait()
"""


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
               "BATCHLINE_RATE_REQUESTS": "1", "BATCHLINE_RATE_SUBMISSIONS": "1",
               "BATCHLINE_LISTENERS": "1", "BATCHLINE_CORS_ORIGINS": PAGE}
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
    one, other, listener = (keys.add("read", "submit") for _ in range(3))
    s = Strict(tmp_path_factory.mktemp("strict"))
    s.one, s.other, s.listener = one, other, listener
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


def test_there_are_as_many_listeners_as_are_told_and_a_page_of_a_named_origin_may_be_one(strict):
    ask = (f"GET /api/events HTTP/1.1\r\nHost: localhost\r\nOrigin: {PAGE}\r\n"
           f"Authorization: {strict.listener['Authorization']}\r\n\r\n").encode()
    with contextlib.ExitStack() as held:
        def head():
            """it listens: the topic is read, and it did not ask too often"""
            s = held.enter_context(socket.create_connection(("127.0.0.1", strict.port), timeout=30))
            s.sendall(ask)
            said = b"".join(iter(s.makefile("rb").readline, b"\r\n")).decode()
            return said if said.startswith("HTTP/1.1 200 ") else None

        def second():
            """one too many"""
            answer = strict.get("/api/events", strict.listener)
            return answer if answer.status == 503 else None

        assert f"\r\nAccess-Control-Allow-Origin: {PAGE}\r\n" in gateway.until(head)
        assert gateway.until(second).problem() == "busy"
        assert strict.refused("listeners") >= 1


def test_an_address_that_asks_too_often_is_refused_before_it_is_known():
    """Nothing of the line is there; who is over his limit is not told so."""
    words = ["unshare", "-rn", sys.executable, "-c", FROM_AFAR, servers.service_program("gateway")]
    env = {**os.environ, **servers.service_environment("gateway"), "BATCHLINE_LISTEN": "0.0.0.0:8080",
           "BATCHLINE_HEALTH_LISTEN": "127.0.0.1:8081", "BATCHLINE_RATE_REQUESTS": "1"}

    ours, theirs = json.loads(subprocess.check_output(words, env=env, timeout=60))

    assert set(ours) == {503}
    assert set(theirs) == {503, 429} and theirs.index(429) >= 4
