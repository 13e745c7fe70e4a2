# SPDX-License-Identifier: Apache-2.0
"""GET /api/events, by a client that reads lines off a socket: what it hears, where it goes on."""
import json
import os
import socket
import time
import uuid

import pytest
from confluent_kafka import Producer
from test_gateway_keys import keys  # noqa: F401

import events
import gateway
from gateway import ADDRESS, ask, finished, get, post, submit, until, without

PARTITIONS = 12


class Listener:
    """Reads on demand; .last is the id where it would go on."""

    def __init__(self, headers=(), last=None, room=None, **query):
        self.sock = socket.socket()
        if room:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self.sock.settimeout(60)
        self.sock.connect((ADDRESS.hostname, ADDRESS.port))
        headers = {"Host": "localhost", **dict(headers), **({"Last-Event-ID": last} if last else {})}
        path = "/api/events?" + gateway.urlencode(query, doseq=True)
        self.sock.sendall(f"GET {path} HTTP/1.1\r\n".encode() + "".join(
            f"{k}: {v}\r\n" for k, v in headers.items()).encode() + b"\r\n")
        self.file, self.last = self.sock.makefile("rb"), last

    def begun(self):
        """Its head is here, and where it begins."""
        self.head = b"".join(iter(self.file.readline, b"\r\n")).decode()
        assert self.head.startswith("HTTP/1.1 200 "), self.head
        return self

    def next(self, until_id=False):
        """(event, data) of the next; with until_id also a block that only says where we are."""
        name, data, said = None, None, False
        while line := self.file.readline().decode():
            field, _, value = line.rstrip("\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data = json.loads(value)
            elif field == "id":
                self.last, said = value, True
            elif not field and name:
                return name, data
            elif not field and said and until_id:
                return None
        raise EOFError

    def close(self):
        self.file.close()
        self.sock.close()


def listen(*args, **kwargs):
    """From now on: the first block says where."""
    listener = Listener(*args, **kwargs).begun()
    if kwargs.get("last") is None:
        assert listener.next(until_id=True) is None
    return listener


def heard_until(listener, is_last):
    heard = []
    while not heard or not is_last(*heard[-1]):
        heard.append(listener.next())
    return heard


def changed(customer, revision=1, **fields):
    """A change of a batch that nobody submitted: (key, its record)."""
    key = str(uuid.uuid4())
    now = time.time_ns() // 1000
    value = {
        "event_id": str(uuid.uuid4()), "occurred_at": now, "batch_id": key, "revision": revision,
        "run_no": 1, "partition": 0, "status": "processing", "control": "run",
        "base_directory_name": f"{customer}_2026-01-01_batch-1", "customer_prefix": customer,
        "batch_date": 20454, "batch_counter": 1, "render_description": None, "submitted_by": "test",
        "pipeline_id": 1, "priority": 5, "failures_tolerated": None, "total_files": 1,
        "total_pipelines": 1, "total_size": 1, "archive": None, "dropbox_directory_id": None,
        "monday_item_id": None, "error_code": None, "error_message": None, "created_at": now,
        "updated_at": now, "completed_at": None,
        **{f"jobs_{s}": 0 for s in ("queued", "dispatched", "processing", "retry_wait", "completed",
                                    "failed", "cancelled")}, **fields}
    return key, events.encode("BatchChanged", value, plain=True)


def publish(records):
    producer = Producer({"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]})
    topic = os.environ["BATCHLINE_TOPIC_PREFIX"] + "batches"
    for i, (key, value) in enumerate(records):
        producer.produce(topic, value, key, partition=i % PARTITIONS)
        producer.poll(0)
    assert producer.flush(30) == 0


def numbered(customer, revisions, **fields):
    publish([changed(customer, i, **fields) for i in revisions])


def revisions(listener, n):
    return [listener.next()[1]["revision"] for _ in range(n)]


def test_every_change_of_a_batch_in_order_as_the_list_shows_it_and_its_end():
    customer = gateway.customer()
    listener = listen(customer_prefix=customer)
    assert "text/event-stream" in listener.head

    made = submit(2, customer_prefix=customer)
    finished(made)
    row = get("/api/batches", customer_prefix=customer).json()["data"][0]
    heard = heard_until(listener, lambda name, data: data["revision"] == row["revision"])

    assert {name for name, _ in heard} == {"batch"}
    assert heard[-1][1] == row
    numbers = [data["revision"] for _, data in heard]
    assert numbers == sorted(set(numbers))
    ask("DELETE", f"/api/batches/{made['batch_id']}")
    name, data = heard_until(listener, lambda name, data: name == "deleted")[-1]
    assert data == {"id": made["batch_id"]}
    listener.close()


def test_filters_are_those_of_the_list():
    mine, other = gateway.customer(), gateway.customer()
    by_customer, by_status = listen(customer_prefix=mine), listen(customer_prefix=[mine],
                                                                  status=["failed", "paused"])
    by_date = listen(customer_prefix=mine, date_from="2026-01-02")
    by_name = listen(name=f"{mine}_2026-01-01_batch-7")

    publish([changed(other, 1), changed(mine, 2), changed(mine, 3, status="paused"),
             changed(mine, 4, batch_date=20455)])
    numbered(mine, [7], batch_counter=7)

    assert sorted(revisions(by_customer, 4)) == [2, 3, 4, 7]
    assert revisions(by_status, 1) == [3]
    assert revisions(by_date, 1) == [4]
    assert revisions(by_name, 1) == [7]


@pytest.mark.parametrize("name,value", [("q", "lobby"), ("status", "done"), ("date_from", "x")])
def test_a_filter_that_cannot_be_is_named(name, value):
    answer = get("/api/events", **{name: value})

    assert answer.status == 400 and answer.fields() == [name]


def test_who_comes_back_hears_what_it_missed_once():
    customer = gateway.customer()
    listener = listen(customer_prefix=customer)
    numbered(customer, range(1, 31))
    first = revisions(listener, 17)
    listener.close()
    numbered(customer, range(31, 61))

    again = listen(last=listener.last, customer_prefix=customer)
    rest = revisions(again, 43)
    numbered(customer, [61])

    assert sorted(first + rest) == list(range(1, 61))
    assert revisions(again, 1) == [61]


def test_a_restart_of_the_gateway_loses_nothing_and_doubles_nothing():
    customer = gateway.customer()
    listener = listen(customer_prefix=customer)
    numbered(customer, range(1, 21))
    first = revisions(listener, 20)
    with without("gateway"):
        with pytest.raises(EOFError):
            listener.next()
        numbered(customer, range(21, 41))
    until(lambda: ask("HEAD", "/api/events").status == 200, "the gateway follows the topic")

    again = listen(last=listener.last, customer_prefix=customer)
    rest = revisions(again, 20)
    numbered(customer, [41])

    assert (sorted(first), sorted(rest)) == (list(range(1, 21)), list(range(21, 41)))
    assert revisions(again, 1) == [41]


@pytest.mark.parametrize("last", [
    "what is this", "1-2-3", "-".join(["1"] * 13),
    f"{int(time.time())}-" + "-".join(["999999999"] * 12),
    f"{int(time.time()) - 90000}-" + "-".join(["0"] * 12)],
    ids=["no id", "too short", "of 1970", "past the end", "of the day before"])
def test_what_lies_beyond_the_reach_is_told_as_reset(last):
    customer = gateway.customer()
    listener = listen(last=last, customer_prefix=customer)

    assert listener.next() == ("reset", {})
    numbered(customer, [1])
    assert revisions(listener, 1) == [1]


def test_who_stalls_is_dropped_and_the_others_go_on():
    customer = gateway.customer()
    stalled = listen(customer_prefix=customer, room=4096)
    awake = listen(customer_prefix=customer)

    numbered(customer, range(200), render_description="x" * 4000)
    assert sorted(revisions(awake, 200)) == list(range(200))

    def is_dropped():
        """the end of the one that does not read"""
        numbered(customer, [1000])
        assert revisions(awake, 1) == [1000]
        table = open("/proc/net/tcp").read().split("\n")[1:]
        port = f":{stalled.sock.getsockname()[1]:04X}"
        mine = [row.split() for row in table if row and row.split()[2].endswith(port)]
        return not any(row[3] == "01" for row in mine)
    until(is_dropped)


# ---- the last: from here on there are keys ----

def test_a_foreign_key_hears_nothing(keys):  # noqa: F811
    assert get("/api/events").status == 401
    assert get("/api/events", {"Authorization": "Bearer wrong"}).status == 401
    limited, whole = listen(keys.limited), listen(keys.all)

    ask("DELETE", f"/api/batches/{keys.others['batch_id']}", headers=keys.all)
    heard_until(whole, lambda name, data: name == "deleted")
    numbered(gateway.customer(), [1])
    numbered(keys.one, [2])

    heard = heard_until(limited, lambda name, data: data.get("revision") == 2
                        and data["submitted_by"] == "test")
    assert all(name == "batch" and data["customer_prefix"] == keys.one for name, data in heard)


def is_over(listener):
    """The gateway ended it."""
    listener.sock.setblocking(False)
    try:
        while listener.sock.recv(65536):
            pass
        return True
    except BlockingIOError:
        return False


def test_who_is_no_longer_admitted_hears_nothing_more(keys):  # noqa: F811
    revoked, expired, holds = keys.add("read"), keys.add("read", expires="now() + interval '1 hour'"), keys.all
    signed_in = {"Cookie": post("/api/session", headers=revoked).headers["Set-Cookie"].split(";")[0]}
    signed_out = {"Cookie": post("/api/session", headers=holds).headers["Set-Cookie"].split(";")[0]}
    ending = [listen(headers) for headers in (revoked, expired, signed_in, signed_out)]
    staying = listen(holds)

    keys.db.execute("update batchline_base.api_keys set expires_at = now() where id = %s", keys.ids[-1:])
    keys.db.execute("update batchline_base.api_keys set revoked_at = now() where id = %s", keys.ids[-2:-1])
    ask("DELETE", "/api/session", headers={**signed_out, "X-Batchline": "1"})

    for listener in ending:
        until(lambda of=listener: is_over(of), "its stream ends")
    numbered(keys.one, [3])
    assert revisions(staying, 1) == [3]
    told = gateway.health("/metrics")[1].decode()
    assert 'batchline_listeners_dropped_total{why="not_admitted"}' in told and "\nbatchline_listeners " in told
