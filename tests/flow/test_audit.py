# SPDX-License-Identifier: Apache-2.0
"""The audit: every route that submits or orders leaves its act, with who and from where, and it is
shown by the API and by the command line."""
import json
import uuid

import pytest

import gateway
from gateway import CONTRACT, ask, get, post, submit
from test_cli import cli, said
from test_dlq import bad
from test_gateway_keys import JOB, Keys
from test_sessions import OWN, sign_in
from test_webhook import ADMIN, sql

AUDIT = "/api/audit"
VIEWS = {"views": [{"name": "a", "format": "png", "operations": []}]}
READS = {"storeBlob"}       # an upload alone changes nothing: the submission that names it is the act


class World:
    """Something of each kind for orders to be about."""

    def __init__(self):
        self.batch = gateway.finished(submit())["id"]
        self.target = f"t-{uuid.uuid4().hex[:12]}"      # later: the line has nothing to bring there
        post("/api/targets", {"service": "webhook", "name": self.target, "enabled": False,
                              "settings": {"url": "https://example.org/", "secret": "key"}})
        self.delivery = str(sql(
            "insert into delivery_ledger (id, target_id, batch_id, run_no, state, phase, settled_at)"
            " select gen_random_uuid(), id, %s, 1, 'completed', 'failed', now() from targets"
            " where name = %s returning id",
            self.batch, self.target)[0][0])

    def open(self):
        """A batch that waits."""
        one = submit()["batch_id"]
        post(f"/api/batches/{one}/pause")
        return one


@pytest.fixture(scope="module")
def world():
    w = World()
    yield w
    sql("delete from targets where name = %s", w.target)


def batch_of(answer):
    return answer.json()["batch_id"]


def order(path, body=None, method="POST"):
    return ask(method, path, json_body=body)


def named(prefix="x"):
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def done_by_keys(word):
    """One key's whole life, since the first shuts the door: (the answers' act, its object)."""
    name = named()
    try:
        key = {"Authorization": "Bearer " + post("/api/keys", {
            "name": name, "scopes": ["read", "submit", "operate"]}).json()["key"]}
        if word != "add":
            assert post(f"/api/keys/{name}/{word}", headers=key).status in (200, 401)
    finally:
        sql("delete from api_keys")
        gateway.until(lambda: get("/api/batches").status == 200, "the gateway notices")
    return f"key_{word}", name


def signed(word):
    """In and out again, with a key: (the answers' act, its object)."""
    keys = Keys(ADMIN)
    try:
        key = keys.add("read")
        gateway.until(lambda: get(AUDIT).status == 401, "the gateway notices")
        name = get("/api/session", key).json()["name"]
        assert ask("DELETE", "/api/session", headers={**sign_in(key), **OWN}).status == 204
    finally:
        keys.remove()
        gateway.until(lambda: get(AUDIT).status == 200, "the gateway notices")
    return f"sign_{word}", name


def pipeline(word):
    made = str(order("/api/pipelines", {"name": named(), "definition": VIEWS}).json()["id"])
    if word != "add":
        order(f"/api/pipelines/{made}", {"enabled": False}, "PATCH")
    return f"pipeline_{word}", made


def on_open(word, body=None):
    def act(w):
        with gateway.without("renderer"):       # else it may be finished before
            one = w.open()
            order(f"/api/batches/{one}/{word}", body)
        return word, one
    return act


def retry(w):
    one = gateway.finished(submit())["id"]
    sql("update jobs set status = 'failed' where batch_id = %s", one)
    order(f"/api/batches/{one}/retry")
    return "retry", one


def delete(w):
    one = submit()["batch_id"]
    order(f"/api/batches/{one}", method="DELETE")
    return "delete", one


def target(word, method, end="", body=None):
    def act(w):
        order(f"/api/targets/{w.target}{end}", body, method)
        return f"target_{word}", w.target
    return act


def remove(w):
    name = named()
    order("/api/targets", {"service": "webhook", "name": name, "enabled": False,
                           "settings": {"url": "https://example.org/", "secret": "key"}})
    order(f"/api/targets/{name}", method="DELETE")
    return "target_remove", name


def delivery(word):
    def act(w):
        sql("update delivery_ledger set phase = 'failed', settled_at = now() where id = %s", w.delivery)
        order(f"/api/deliveries/{w.delivery}/{word}")
        return f"delivery_{word}", w.delivery
    return act


def deliveries(word):
    def act(w):
        sql("update delivery_ledger set phase = 'failed', settled_at = now() where id = %s", w.delivery)
        order(f"/api/deliveries/{word}", {"target": w.target, "phase": "failed"})
        return f"deliveries_{word}", f"target={w.target} phase=failed"
    return act


def letter(word):
    def act(w):
        one = bad(str(uuid.uuid4()))["id"]
        order(f"/api/letters/{one}/{word}", {"reason": "a test"})
        return f"letter_{word}", one
    return act


# What each route's act is, by the route's operationId.
ACTS = {
    "submitOne": lambda w: ("submit", batch_of(post("/api/jobs", JOB))),
    "submitBatch": lambda w: ("submit", submit()["batch_id"]),
    "deleteBatch": delete, "cancelBatch": on_open("cancel"), "pauseBatch": on_open("pause"),
    "resumeBatch": on_open("resume"), "prioritiseBatch": on_open("priority", {"priority": 8}), "retryBatch": retry,
    "addTarget": lambda w: ("target_add", w.target), "removeTarget": remove,
    "changeTarget": target("change", "PATCH", body={"states": ["failed"]}),
    "testTarget": target("test", "POST", "/test"),
    "replayDelivery": delivery("replay"), "skipDelivery": delivery("skip"),
    "replayDeliveries": deliveries("replay"), "skipDeliveries": deliveries("skip"),
    "replayLetter": letter("replay"), "discardLetter": letter("discard"),
    "addPipeline": lambda w: pipeline("add"), "turnPipeline": lambda w: pipeline("disable"),
    "addKey": lambda w: done_by_keys("add"), "revokeKey": lambda w: done_by_keys("revoke"),
    "rotateKey": lambda w: done_by_keys("rotate"),
    "signIn": lambda w: signed("in"), "signOut": lambda w: signed("out"),
}


def test_every_route_that_changes_something_is_in_the_table():
    changing = {o["operationId"] for operations in CONTRACT["paths"].values()
                for method, o in operations.items() if method in ("post", "patch", "delete", "put")}

    assert changing - READS == set(ACTS)


@pytest.mark.parametrize("operation", ACTS)
def test_its_act_is_in_the_audit_with_who_and_from_where(world, operation):
    action, about = ACTS[operation](world)

    found = get(AUDIT, action=action, object=about).json()["data"]
    assert found and found[0]["outcome"].split()[0] in ("asked", "done"), found
    assert (found[0]["source"], found[0]["actor"]) in [("127.0.0.1", "gateway"), ("127.0.0.1", about)]


def test_a_submission_that_is_sent_again_is_told_from_the_first():
    key = {"Idempotency-Key": str(uuid.uuid4())}
    one = batch_of(post("/api/jobs", JOB, key))
    post("/api/jobs", JOB, key)

    acts = get(AUDIT, object=one).json()["data"]
    assert [act["outcome"] for act in acts] == ["asked again", "asked"]


def test_a_proxy_is_told_with_whom_it_asked_for():
    keys = Keys(ADMIN)
    try:
        key = keys.add("read", "submit", "operate")
        limited = keys.add("read", "operate", customers=["PL"])
        gateway.until(lambda: get(AUDIT).status == 401, "the gateway notices")
        one = batch_of(post("/api/jobs", JOB, {**key, "X-Forwarded-For": "9.9.9.9, 203.0.113.7"}))

        act = get(AUDIT, key, object=one).json()["data"][0]
        assert act["source"] == "127.0.0.1 for 203.0.113.7" and act["actor"].startswith("test ")
        assert get(AUDIT, key, actor=act["actor"]).json()["data"] == [act]
        assert get(AUDIT, limited).problem() == "forbidden"
    finally:
        keys.remove()
        gateway.until(lambda: get(AUDIT).status == 200, "the gateway notices")


def test_pages_follow_each_other_and_times_narrow():
    for _ in range(3):
        submit()
    all_of = get(AUDIT, action="submit", limit=3).json()["data"]
    first = get(AUDIT, action="submit", limit=2).json()
    second = get(AUDIT, action="submit", limit=1, before=first["next_before"]).json()

    assert first["data"] + second["data"] == all_of
    at = all_of[1]["at"]
    before = get(AUDIT, action="submit", to="2020-01-01T00:00:00Z").json()
    assert before == {"data": [], "next_before": None}
    since = get(AUDIT, action="submit", **{"from": at}).json()["data"]
    assert all_of[0] in since and all_of[2] not in since


@pytest.mark.parametrize("name, value", [
    ("from", "today"), ("to", "1"), ("limit", "0"), ("limit", "501"), ("before", "x"), ("before", "0"),
    ("actor", "%FF")])
def test_a_parameter_that_cannot_be_is_told(name, value):
    answer = get(f"{AUDIT}?{name}={value}")

    assert (answer.status, answer.fields()) == (400, [name])


def test_the_audit_is_read_by_hand():
    one = submit()

    shown = cli("audit", "--batch", one["base_directory_name"]).stdout
    assert "submit" in shown and one["batch_id"] in shown and "127.0.0.1" in shown
    acts = said(cli("audit", "--object", one["batch_id"], "--actor", "gateway", "--json"))["data"]
    assert [act["action"] for act in acts] == ["submit"]
    day = acts[0]["at"][:10]
    assert json.loads(cli("audit", "--from", day, "--to", day, "-n", "1", "--json").stdout)["data"]
    assert "Nothing" in cli("audit", "--action", "nothing").stdout
