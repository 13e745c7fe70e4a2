# SPDX-License-Identifier: Apache-2.0
"""While nothing changes an answer is given again; what has changed is seen by the next who asks."""
import concurrent.futures
import threading

import psycopg
import pytest

import gateway
from gateway import get, health
from test_gateway_keys import keys  # noqa: F401 (a fixture)
from test_webhook import ADMIN


@pytest.fixture(scope="module")
def batch():
    return gateway.finished(gateway.submit(2))["id"]


@pytest.fixture
def database():
    with psycopg.connect(ADMIN, autocommit=True) as connection:
        yield connection


def counted(name):
    [line] = [line for line in health("/metrics")[1].decode().splitlines()
              if line.startswith(f"batchline_http_{name}_total ")]
    return int(line.split()[1])


def again():
    return counted("unchanged")


def describe(connection, batch, words):
    connection.execute("update batchline.batches set render_description = %s where id = %s", (words, batch))


def described(batch):
    return get(f"/api/batches/{batch}").json()["render_description"]


def test_what_is_asked_twice_is_answered_again_with_the_same_bytes(batch):
    path, before = f"/api/batches/{batch}/jobs", again()

    def asked():
        return get(path, limit=2)
    gateway.until(lambda: asked() and again() > before, "an answer given again")

    one, two = asked(), asked()
    assert (one.body, one.headers["ETag"]) == (two.body, two.headers["ETag"])
    assert get(path, {"If-None-Match": one.headers["ETag"]}, limit=2).status == 304
    assert get(path, limit=1).body != one.body


def test_it_is_packed_once_for_all_who_take_that(batch):
    path = f"/api/batches/{batch}/jobs"

    def asked():
        return get(path, {"Accept-Encoding": "gzip"})

    def none_was_packed():
        """ten answers of which none was packed anew"""
        before = counted("packed")
        ten = [asked() for _ in range(10)]
        assert {answer.headers["Content-Encoding"] for answer in ten} == {"gzip"}
        return counted("packed") == before
    gateway.until(none_was_packed)

    one, plain = asked(), get(path)
    assert (one.body, one.headers["ETag"]) == (plain.body, plain.headers["ETag"])
    assert "Content-Encoding" not in plain.headers
    assert get(path, {"Accept-Encoding": "gzip", "If-None-Match": one.headers["ETag"]}).status == 304


def test_every_change_is_seen_by_the_next_who_asks(batch, database):
    for i in range(200):
        describe(database, batch, f"change {i}")
        assert described(batch) == f"change {i}"
        assert get("/api/batches", q=f"change {i}").status in (200, 400)


def test_what_is_not_committed_is_not_seen_and_then_it_is(batch, database):
    other = gateway.finished(gateway.submit(1))["id"]
    describe(database, batch, "before")
    assert described(batch) == "before"
    with psycopg.connect(ADMIN) as slow:
        describe(slow, batch, "after")
        assert described(batch) == "before"
        describe(database, other, "of a transaction that begins later and ends earlier")
        assert described(batch) == "before"
    assert described(batch) == "after"


def test_no_reader_beside_a_writer_is_ever_told_of_the_past(batch, database):
    committed, over = [0], threading.Event()

    def read(_):
        asked = 0
        while not over.is_set():
            least = committed[0]
            assert int(described(batch)) >= least
            asked += 1
        return asked

    describe(database, batch, "0")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read, n) for n in range(4)]
        try:
            for i in range(1, 400):
                describe(database, batch, str(i))
                committed[0] = i
        finally:
            over.set()
        assert all(reader.result() > 0 for reader in readers)


def test_each_key_has_answers_of_its_own(keys):  # noqa: F811
    mine = {"customer_prefix": keys.one}
    for _ in range(5):
        assert get("/api/batches", keys.all, **mine).json()["total"] > 0
        assert get("/api/batches", keys.limited).json()["total"] == get(
            "/api/batches", keys.all, **mine).json()["total"]
        assert get("/api/batches", keys.all).json()["total"] > get(
            "/api/batches", keys.limited).json()["total"]
        for one, status in ((keys.limited, 404), (keys.all, 200)):
            assert get(f"/api/batches/{keys.others['batch_id']}", one).status == status
