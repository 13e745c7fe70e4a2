# SPDX-License-Identifier: Apache-2.0
"""API keys: once there is one, nobody comes in without, and each reaches as far as its row says."""
import hashlib
import os
import secrets
import uuid

import psycopg
import pytest

import gateway
from gateway import PHOTOS, ask, get, post, text, until

JOB = {"pipeline_id": 1, "file_name": "a.jpg", "file_data": text(PHOTOS[0].read_bytes())}


class Keys:
    """Keys in the table, put there as an administrator does."""

    def __init__(self, url):
        self.db = psycopg.connect(url, autocommit=True)
        self.ids = []

    def add(self, *scopes, customers=None, expires="null"):
        key, row = secrets.token_urlsafe(32), uuid.uuid4()
        self.db.execute(
            "insert into batchline_base.api_keys (id, name, key_prefix, key_sha256, scopes, customers,"
            f" expires_at) values (%s, %s, %s, %s, %s, %s, {expires})",
            (row, f"test {key[:8]}", key[:8], hashlib.sha256(key.encode()).digest(), list(scopes),
             customers))
        self.ids.append(row)
        return {"Authorization": f"Bearer {key}"}

    def revoke(self):
        self.db.execute("update batchline_base.api_keys set revoked_at = now() where id = any (%s)",
                        (self.ids,))

    def remove(self):
        self.db.execute("delete from batchline_base.api_keys where id = any (%s)", (self.ids,))
        self.db.close()


@pytest.fixture(scope="module")
def keys():
    server = os.environ["DATABASE_URL"].split("@")[1]
    k = Keys(f"postgresql://postgres@{server}")
    try:
        k.reader = k.add("read")
        k.submitter = k.add("read", "submit")
        k.all = k.add("read", "submit", "operate")
        k.one = gateway.customer()
        k.limited = k.add("read", "submit", "operate", customers=[k.one])
        until(lambda: get("/api/batches").status == 401, "the gateway notices")
        k.theirs = post("/api/jobs", {**JOB, "customer_prefix": k.one}, k.limited).json()
        k.others = post("/api/jobs", {**JOB, "customer_prefix": gateway.customer()}, k.all).json()
        yield k
    finally:
        k.remove()
        until(lambda: get("/api/batches").status == 200, "the gateway notices")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic dTpw"])
def test_nobody_comes_in_without_a_key(keys, header):
    headers = {} if header is None else {"Authorization": header}
    for method, path in [("GET", "/api/batches"), ("POST", "/api/jobs"), ("POST", "/api/blobs"),
                         ("DELETE", f"/api/batches/{keys.theirs['batch_id']}")]:
        answer = ask(method, path, headers=headers)

        assert (answer.status, answer.problem()) == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_pages_and_health_need_none(keys):
    for path in ("/", "/openapi.yaml", "/healthz"):
        assert get(path).status == 200


def test_with_a_key_the_gateway_may_be_called_by_any_name(keys):
    assert get("/api/batches", {"Host": "batchline.example", **keys.reader}).status == 200


def test_a_key_reaches_as_far_as_its_scopes(keys):
    path = f"/api/batches/{keys.theirs['batch_id']}/pause"

    assert get("/api/batches", keys.reader).status == 200
    assert post("/api/jobs", JOB, keys.reader).problem() == "forbidden"
    assert post("/api/jobs", JOB, keys.submitter).status == 201
    assert post(path, headers=keys.submitter).problem() == "forbidden"
    assert post(path, headers=keys.all).status in (200, 409)


def test_a_batch_is_submitted_in_the_name_of_its_key(keys):
    assert get(f"/api/batches/{keys.theirs['batch_id']}", keys.limited).json()[
        "submitted_by"].startswith("test ")


def test_a_key_for_some_customers_sees_no_others(keys):
    seen = get("/api/batches", keys.limited).json()
    stats = get("/api/batches/stats", keys.limited).json()

    assert [b["id"] for b in seen["data"]] == [keys.theirs["batch_id"]] and seen["total"] == 1
    assert stats["batches"]["total"] == 1
    assert [c["customer_prefix"] for c in stats["customers"]] == [keys.one]
    assert sum(h["batches"] for h in stats["throughput"]) <= 1


def test_nothing_of_another_customers_batch_answers_to_it(keys):
    batch, job = keys.others["batch_id"], keys.others["job_id"]
    asked = [("GET", f"/api/batches/{batch}{end}") for end in ("", "/jobs", "/download", "/sheet")]
    asked += [("POST", f"/api/batches/{batch}/{w}") for w in ("cancel", "retry", "pause", "resume", "priority")]
    asked += [("GET", f"/api/jobs/{job}{end}") for end in ("", "/preview", "/outputs/a_web.jpg")]
    asked += [("DELETE", f"/api/batches/{batch}")]
    for method, path in asked:
        assert ask(method, path, headers=keys.limited).problem() == "not-found", (method, path)
    assert get(f"/api/batches/{batch}", keys.all).status == 200


def test_a_key_for_some_customers_names_the_one_it_submits_for(keys):
    other = post("/api/jobs", {**JOB, "customer_prefix": gateway.customer()}, keys.limited)
    none = post("/api/jobs", {**JOB, "file_name": f"{keys.one}_a.jpg"}, keys.limited)

    for answer in (other, none):
        assert (answer.status, answer.fields()) == (403, ["customer_prefix"])


def test_the_same_idempotency_key_of_two_callers_is_two_batches(keys):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    job = {**JOB, "customer_prefix": keys.one}

    mine = post("/api/jobs", job, {**headers, **keys.all}).json()
    theirs = post("/api/jobs", job, {**headers, **keys.limited}).json()

    assert mine["batch_id"] != theirs["batch_id"]


def test_a_key_that_is_over_is_none(keys):
    assert get("/api/batches", keys.add("read", expires="now() - interval '1 second'")).status == 401
    assert get("/api/batches", keys.add("read", expires="now() + interval '1 hour'")).status == 200


def test_the_end_of_the_last_key_opens_no_door(keys):
    keys.revoke()

    assert get("/api/batches", keys.all).status == 401
    assert get("/api/batches").status == 401
