# SPDX-License-Identifier: Apache-2.0
"""All routes of docs/openapi.yaml, walked with keys that should not reach what they name: of another
customer, of two others, without read, expired, revoked, none; and with the sessions (s:) of those that
sign in. Nothing of the batch comes out."""
import json
import uuid

import pytest

import gateway
from gateway import CONTRACT, PHOTOS, ask, get, post, text, until
from test_gateway_keys import Keys
from test_sessions import ME, OWN, sign_in
from test_webhook import ADMIN, sql

ROUTES = [(method.upper(), path, operation) for path, operations in CONTRACT["paths"].items()
          for method, operation in operations.items() if method in ("get", "post", "patch", "delete")]
ROUTES += [("HEAD", path, operation) for method, path, operation in ROUTES if method == "GET"]
SUBMITS = ("/api/jobs", "/api/jobs/batch", "/api/blobs")
KEYS = ("foreign", "two", "unread", "expired", "revoked", "none",
        "s:foreign", "s:two", "s:unread", "s:revoked")


class Walk:
    def __init__(self):
        self.keys, self.table = Keys(ADMIN), {}
        self.customer, (one, two, other) = gateway.customer(), [gateway.customer() for _ in range(3)]
        self.all = self.keys.add("read", "submit", "operate")
        scopes = ("read", "submit", "operate")
        self.held = {
            "foreign": self.keys.add(*scopes, customers=[other]),
            "two": self.keys.add(*scopes, customers=[one, two]),
            "unread": self.keys.add("submit", customers=[other]),
            "expired": self.keys.add(*scopes, expires="now() - interval '1 second'"),
            "revoked": self.keys.add(*scopes), "none": {}}
        until(lambda: get("/api/batches").status == 401, "the gateway notices")
        for key in [key for key in KEYS if key.startswith("s:")]:
            self.sign_in(key)
        self.keys.db.execute("update batchline_base.api_keys set revoked_at = now() where id = %s",
                             (self.keys.ids[-1],))
        self.mine = [self.submit(self.held["two"], customer) for customer in (one, two)]
        self.theirs = self.submit(self.all, self.customer)
        self.target = f"secret-{uuid.uuid4().hex[:12]}"
        post("/api/targets", {"service": "webhook", "name": self.target, "enabled": False,
                              "settings": {"url": "https://example.org/", "secret": "key"}}, self.all)
        self.delivery = str(sql(
            "insert into delivery_ledger (id, target_id, batch_id, run_no, state, phase, settled_at)"
            " select gen_random_uuid(), id, %s, 1, 'completed', 'failed', now() from targets"
            " where name = %s returning id",
            self.theirs["batch_id"], self.target)[0][0])
        self.marks = [self.customer, self.theirs["batch_id"], self.theirs["base_directory_name"],
                      *self.theirs["job_ids"], "hidden-name", "hidden words", self.target, self.delivery]

    def sign_in(self, key):
        self.held[key] = {**sign_in(self.held[key[2:]]), **OWN}

    @staticmethod
    def submit(key, customer):
        made = post("/api/jobs/batch", {
            "pipeline_id": 1, "customer_prefix": customer, "render_description": "hidden words",
            "files": [{"file_name": "hidden-name.jpg", "file_data": text(PHOTOS[0].read_bytes())}]}, key)
        assert made.status == 201, made.body
        batch = made.json()
        path = f"/api/batches/{batch['batch_id']}"
        until(lambda: get(path, key).json()["archive"], "the archive")
        return batch

    def address(self, path):
        name = self.target if "targets" in path else "hidden-name_web.jpg"
        for part, value in {"batch_id": self.theirs["batch_id"], "job_id": self.theirs["job_ids"][0],
                            "delivery_id": self.delivery, "pipeline_id": "1", "name": name}.items():
            path = path.replace("{" + part + "}", value)
        return path

    def ask(self, method, path, key):
        body = {} if method in ("POST", "PATCH") else None
        answer = ask(method, self.address(path), headers=self.held[key], json_body=body)
        self.table[(method, path), key] = answer.status
        if answer.status == 204 and path == ME:
            self.sign_in(key)
        return answer

    def close(self):
        sql("delete from targets where name = %s", self.target)
        self.keys.remove()
        until(lambda: get("/api/batches").status == 200, "the gateway notices")


@pytest.fixture(scope="module")
def walk():
    w = Walk()
    yield w
    w.close()
    print(f"\n{'':45}" + "".join(f"{key:>10}" for key in KEYS))
    for route in dict.fromkeys(route for route, _ in w.table):
        print(f"{' '.join(route):45}" + "".join(f"{w.table.get((route, key), '-'):>10}" for key in KEYS))


APART = ("/readyz", "/metrics")     # on a port of their own, as the stack has it


def is_open(operation):
    return operation.get("security") == [{}]


def told(answer):
    """All of the answer but the asked path, which a problem repeats."""
    if answer.type != "application/problem+json" or not answer.body:
        return answer.body.decode("latin-1") + str(answer.headers)
    said = answer.json()
    del said["instance"]
    return json.dumps(said) + str(answer.headers)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("method, path, operation", ROUTES, ids=[f"{m} {p}" for m, p, _ in ROUTES])
def test_nothing_of_the_batch_comes_out(walk, method, path, operation, key):
    answer = walk.ask(method, path, key)

    assert not [mark for mark in walk.marks if mark in told(answer)]
    if is_open(operation):
        assert answer.status == (404 if path in APART else 200)
    elif key.removeprefix("s:") in ("expired", "revoked", "none"):
        assert answer.status == 401
    elif key.removeprefix("s:") == "unread" and path not in (*SUBMITS, ME):
        assert answer.status == 403
    elif any(f"{{{part}}}" in path for part in ("batch_id", "job_id", "delivery_id")):
        assert answer.status == 404
    elif any(part in path for part in ("targets", "keys", "audit")):
        assert answer.status == 403


def test_after_all_that_the_batch_is_as_it_was(walk):
    batch = get(f"/api/batches/{walk.theirs['batch_id']}", walk.all).json()

    assert (batch["status"], batch["control"], batch["run_no"]) == ("completed", "run", 1)


def test_a_key_of_two_customers_sees_the_batches_of_both_and_no_others(walk):
    seen = get("/api/batches", walk.held["two"]).json()

    assert {b["id"] for b in seen["data"]} == {b["batch_id"] for b in walk.mine} and seen["total"] == 2
    for batch in walk.mine:
        assert get(f"/api/batches/{batch['batch_id']}/download", walk.held["two"]).status == 200
