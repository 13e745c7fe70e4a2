# SPDX-License-Identifier: Apache-2.0
"""GET /api/events with as many clients as one process may have sockets."""
import os
import resource
import socket

import pytest
from test_kill import pid_of
from test_live import listen, numbered, revisions

import gateway
from gateway import ADDRESS


def resident():
    """Bytes of the gateway."""
    return int(open(f"/proc/{pid_of('gateway')}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def crowd():
    """As many as the system lets one process have, less what it needs itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    made = []
    yield made, min(14990, hard - 2048)
    for one in made:
        one.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_thousands_listen_at_no_more_than_4_kib_each(crowd):
    listeners, most = crowd
    customer = gateway.customer()
    awake = listen(customer_prefix=customer)
    before = resident()
    while len(listeners) < most:
        some = [socket.create_connection((ADDRESS.hostname, ADDRESS.port), timeout=60)
                for _ in range(min(100, most - len(listeners)))]
        listeners += some
        for sock in some:
            sock.sendall(f"GET /api/events?customer_prefix={customer} HTTP/1.1\r\n"
                         "Host: localhost\r\n\r\n".encode())
        for sock in some:
            heard = b""
            while not (b"id: " in heard and heard.endswith(b"\n\n")):
                heard += (more := sock.recv(4096))
                assert more, heard

    each = (resident() - before) / most
    print(f"{most} listeners, {each:.0f} bytes of the gateway each")
    assert each <= 4096
    numbered(customer, [1])
    assert revisions(awake, 1) == [1]
    for sock in listeners:
        heard = b""
        while b'"revision":1' not in heard:
            heard += (more := sock.recv(65536))
            assert more
