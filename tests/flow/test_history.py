# SPDX-License-Identifier: Apache-2.0
"""What happened to a batch: states, orders and deliveries in one list, the oldest first."""
import pytest

import gateway
from gateway import PHOTOS, get, post, submit, text
from test_cli import cli, said
from test_gateway_keys import Keys
from test_webhook import ADMIN, sql


def entries(batch, headers=(), **query):
    return get(f"/api/batches/{batch}/history", headers, **query).json()


def words(found):
    return [(e["kind"], e["what"]) for e in found]


@pytest.fixture(scope="module")
def tried_again():
    """A batch of one picture and one that is none, tried a second time."""
    made = post("/api/jobs/batch", {"pipeline_id": 1, "files": [
        {"file_name": "good.jpg", "file_data": text(PHOTOS[0].read_bytes())},
        {"file_name": "bad.jpg", "file_data": text(b"no picture")}]}).json()
    path = f"/api/batches/{made['batch_id']}"
    gateway.until(lambda: get(path).json()["archive"], "the archive")
    post(f"{path}/retry")
    gateway.until(lambda: (get(path).json()["archive"] or {}).get("run_no") == 2, "the second archive")
    return made["batch_id"]


def test_states_and_orders_stand_in_their_order(tried_again):
    found = entries(tried_again)["data"]

    assert [e["at"] for e in found] == sorted(e["at"] for e in found)
    assert [what for kind, what in words(found) if kind == "state" and what != "processing"] == [
        "submitted", "partial", "archived", "retried", "partial", "archived"]
    assert [(e["what"], e["outcome"]) for e in found if e["kind"] == "order"] == [
        ("submit", "asked"), ("retry", "asked")]


def test_an_end_says_of_which_run_it_is_and_what_became_of_the_jobs(tried_again):
    ends = [e for e in entries(tried_again)["data"] if e["what"] == "partial"]

    assert [(e["run_no"], e["jobs_completed"], e["jobs_failed"], e["jobs_cancelled"]) for e in ends] == [
        (1, 1, 1, 0), (2, 1, 1, 0)]


def test_pages_by_cursor_are_the_whole(tried_again):
    whole, page, pages = entries(tried_again)["data"], {"next_cursor": ""}, []
    while page["next_cursor"] is not None:
        page = entries(tried_again, limit=3, cursor=page["next_cursor"])
        assert 0 < len(page["data"]) <= 3
        pages += page["data"]

    assert pages == whole


def test_who_has_it_is_told_so(tried_again):
    tag = get(f"/api/batches/{tried_again}/history").headers["ETag"]

    assert get(f"/api/batches/{tried_again}/history", {"If-None-Match": tag}).status == 304


@pytest.mark.parametrize("query", [{"cursor": "x"}, {"limit": 0}, {"limit": 501}])
def test_a_parameter_out_of_its_range_is_named(tried_again, query):
    answer = get(f"/api/batches/{tried_again}/history", **query)

    assert (answer.status, answer.fields()) == (400, list(query))


def test_a_delivery_is_told_once_it_is_settled(tried_again):
    target = str(sql("insert into targets (service, name, enabled, settings) values ('webhook', 'history-' || gen_random_uuid(),"
                     " false, '{\"url\":\"https://example.org/\",\"secret\":\"key\"}') returning id")[0][0])
    for phase in ("failed", "intent"):
        sql("insert into delivery_ledger (id, target_id, batch_id, run_no, state, phase, settled_at, error_code)"
            f" values (gen_random_uuid(), %s, %s, 2, %s, '{phase}', {'now()' if phase == 'failed' else 'null'}, 'gone')",
            target, tried_again, "partial" if phase == "failed" else "completed")
    try:
        last = entries(tried_again)["data"][-1]
        assert (last["kind"], last["what"], last["outcome"], last["run_no"], last["error_code"]) == (
            "delivery", "failed", "partial", 2, "gone")
        assert [kind for kind, _ in words(entries(tried_again)["data"])].count("delivery") == 1
    finally:
        sql("delete from targets where id = %s", target)


def test_a_deleted_batch_has_none():
    batch = submit()["batch_id"]
    assert gateway.ask("DELETE", f"/api/batches/{batch}").status == 204

    assert get(f"/api/batches/{batch}/history").status == 404


def test_only_who_may_read_the_audit_sees_addresses():
    keys, customer = Keys(ADMIN), gateway.customer()
    try:
        everything = keys.add("read", "submit", "operate")
        reader, theirs = keys.add("read"), keys.add("read", "operate", customers=[customer])
        gateway.until(lambda: get("/api/batches").status == 401, "the gateway notices")
        batch = post("/api/jobs/batch", {"pipeline_id": 1, "customer_prefix": customer, "files": [
            {"file_name": "a.jpg", "file_data": text(PHOTOS[0].read_bytes())}]}, everything).json()["batch_id"]

        def sources(key):
            return [e["source"] for e in entries(batch, key)["data"] if e["kind"] == "order"]

        assert sources(everything) == ["127.0.0.1"]
        assert sources(reader) == sources(theirs) == [None]
    finally:
        keys.remove()
        gateway.until(lambda: get("/api/batches").status == 200, "the gateway notices")


def test_it_is_read_by_hand(tried_again):
    name = get(f"/api/batches/{tried_again}").json()["base_directory_name"]
    shown = cli("history", name).stdout

    assert "retried" in shown and "1 rendered, 1 failed" in shown and "submit" in shown
    assert said(cli("history", tried_again, "--json")) == entries(tried_again, limit=500)


def test_orders_are_told_beside_the_states_that_they_led_to():
    with gateway.without("renderer"):       # else it may be finished before
        batch = submit()["batch_id"]
        for word in ("pause", "resume", "cancel"):
            post(f"/api/batches/{batch}/{word}")

    assert words(entries(batch)["data"]) == [
        ("order", "submit"), ("state", "submitted"), ("order", "pause"), ("state", "paused"), ("order", "resume"),
        ("state", "resumed"), ("order", "cancel"), ("state", "cancelling"), ("state", "cancelled")]
