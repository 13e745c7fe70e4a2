# SPDX-License-Identifier: Apache-2.0
"""What became of deliveries, and a person's word about them: by the API, held against its contract, and
by the command line. The receiver and the hurried service are test_webhook.py's."""
import uuid

import pytest

import gateway
import line
from gateway import ask, get, post
from test_archive import caught_up, delete, photos
from test_cli import cli, said
from test_gateway_keys import Keys
from test_webhook import ADMIN, finished_batch, receiver, secrets, service, sql, target  # noqa: F401

ORDERS = ("replay", "skip")
PAGES = "/api/deliveries"
UNDER_WAY = {"intent", "called", "done"}    # who ordered it reads how far it is by then


def ledger(hook, batch):
    """The delivery of a batch to a target as the API shows it."""
    return get(PAGES, target=hook.name, batch_id=batch).json()["data"][0]


def delivered(hook, **more):
    batch = finished_batch(**more)
    hook.wait_phase(batch, "done")
    return batch


def given_up(hook, when="2001-01-01"):
    """As long ago: failed, and the event of it is told."""
    sql("update delivery_ledger l set phase = 'failed', told = true, settled_at = now(), created_at = %s,"
        " error_code = 'http_500', error_message = 'answered 500' from targets t"
        " where t.id = l.target_id and t.name = %s", when, hook.name)


def order(word, delivery):
    return post(f"{PAGES}/{delivery['id']}/{word}")


def orders(word, **body):
    return post(f"{PAGES}/{word}", body)


def told(hook, batch):
    """The event of its outcome is acknowledged."""
    return sql("select l.told from delivery_ledger l join targets t on t.id = l.target_id"
               " where t.name = %s and l.batch_id = %s", hook.name, batch) == [(True,)]


def done_to(batch):
    return [row[0] for row in sql("select action from audit where object = %s order by id", batch)]


# ---- what is shown ----

def test_a_list_of_deliveries_is_narrowed_and_turned_over(target):
    hook, other = target(), target()
    customer = gateway.customer()
    batches = [delivered(hook, customer_prefix=customer) for _ in range(2)]
    other.wait_phase(batches[1], "done")
    terms = {"target": hook.name, "service": "webhook", "phase": "done", "state": "completed",
             "customer_prefix": customer}
    page = get(PAGES, **terms).json()
    first = get(PAGES, **terms, limit=1).json()
    second = get(PAGES, **terms, limit=1, cursor=first["next_cursor"]).json()

    assert [d["batch_id"] for d in page["data"]] == batches[::-1]
    assert (page["total"], page["limit"], page["offset"], page["next_cursor"]) == (2, 50, 0, None)
    assert first["data"] + second["data"] == page["data"] and second["next_cursor"] is None
    assert get(PAGES, **terms, offset=1).json()["data"] == page["data"][1:]
    assert get(PAGES, **{**terms, "phase": "failed"}).json()["total"] == 0
    assert get(PAGES, batch_id=batches[1], target="").json()["total"] == 2
    assert get(f"{PAGES}/{page['data'][0]['id']}").json() == page["data"][0]


@pytest.mark.parametrize("name, value", [
    ("target", "a b"), ("service", "pigeon"), ("phase", "over"), ("state", "paused"), ("batch_id", "1"),
    ("customer_prefix", "pl"), ("limit", "0"), ("limit", "501"), ("offset", "-1"), ("cursor", "x"),
    ("target", "x" * 200), ("state", "\x80")])
def test_a_parameter_that_cannot_be_is_told(name, value):
    answer = get(PAGES, **{name: value})

    assert (answer.status, answer.fields()) == (400, [name])


def test_a_delivery_that_is_not_there_is_not_found():
    for method, end in [("GET", ""), ("POST", "/replay"), ("POST", "/skip")]:
        assert ask(method, f"{PAGES}/{uuid.uuid4()}{end}").problem() == "not-found"


# ---- one again, or not at all ----

def test_what_failed_long_ago_is_sent_again_and_has_all_its_time(target):
    hook = target()
    batch = delivered(hook)
    given_up(hook)
    hook.answers((500, {}, b""))
    answer = order("replay", ledger(hook, batch))
    hook.wait_phase(batch, "done")

    assert answer.status == 200 and answer.json()["phase"] in UNDER_WAY
    assert answer.json()["error_code"] is None or answer.json()["attempts"] == 2, "of another call"
    assert len(hook.seen()) == 3 and len({call.id for call in hook.seen()}) == 1
    line.until(lambda: hook.ledger(batch, "attempts") == [3] and told(hook, batch))
    assert done_to(answer.json()["id"]) == ["delivery_replay"]


def test_what_is_delivered_is_sent_again_under_its_id(target):
    hook = target()
    batch = delivered(hook)
    assert order("replay", ledger(hook, batch)).status == 200
    hook.wait_seen(2)

    assert len({call.id for call in hook.seen()}) == 1


def test_what_a_person_skipped_is_not_sent_whatever_else_is_heard(target):
    hook, other = target(), target()
    hook.set("enabled = false")
    batch = delivered(other)
    skipped = order("skip", ledger(hook, batch)).json()
    order("replay", ledger(other, batch))
    other.wait_seen(2)
    line.until(lambda: told(other, batch))
    line.until(lambda: caught_up("webhook"))
    hook.set("enabled = true")
    later = delivered(hook)

    assert (skipped["phase"], skipped["error_code"]) == ("passed", "skipped")
    assert [call.batch for call in hook.seen()] == [later] and hook.ledger(batch) == ["passed"]
    assert done_to(skipped["id"]) == ["delivery_skip"]
    assert order("replay", skipped).status == 200
    hook.wait_phase(batch, "done")


def test_what_cannot_be_done_is_told_with_its_reason(target):
    hook = target()
    gone, went_on, called = (delivered(hook) for _ in range(3))
    sql("update delivery_ledger set state = 'partial' where batch_id = %s", went_on)
    delete(gone)
    line.until(lambda: line.call("GET", f"/api/batches/{gone}")[0] == 404)
    hook.answers("hold")
    order("replay", ledger(hook, called))
    hook.wait_seen(4)

    def why(word, batch):
        answer = order(word, ledger(hook, batch))
        assert (answer.status, answer.problem()) == (409, "not-possible")
        return answer.json()["detail"].removeprefix("That cannot be done: ")

    assert why("replay", called) == why("skip", called) == "a call is under way."
    assert why("replay", went_on) == "its batch is completed by now."
    assert why("replay", gone) == "its batch was deleted."
    assert why("skip", gone) == "it is delivered."


def test_what_was_failed_by_hand_without_a_reason_is_told_as_that(target):
    hook = target()
    batch = delivered(hook)
    line.until(lambda: told(hook, batch))
    sql("update delivery_ledger set phase = 'failed', told = false where batch_id = %s", batch)

    line.until(lambda: told(hook, batch))
    assert hook.ledger(batch) == ["failed"]


# ---- what a filter shows ----

def test_a_filter_orders_what_a_preview_of_it_told(target):
    hook = target()
    batches = [delivered(hook) for _ in range(3)]
    sql("update delivery_ledger set phase = 'failed' where batch_id = any (%s::uuid[])", batches[:2])
    preview = orders("replay", target=hook.name, preview=True).json()
    assert hook.ledger(batches[0]) == ["failed"]
    done = orders("replay", target=hook.name).json()
    for batch in batches:
        hook.wait_phase(batch, "done")

    assert (preview["preview"], preview["count"], preview["more"]) == (True, 2, False)
    assert {d["batch_id"] for d in preview["data"]} == set(batches[:2])
    assert (done["preview"], done["count"]) == (False, 2)
    assert {d["phase"] for d in done["data"]} <= UNDER_WAY
    assert len(hook.seen()) == 5
    assert sql("select outcome from audit where object = %s",
               f"target={hook.name} phase=failed") == [("done to 2",)]


def test_who_says_so_sends_all_that_is_delivered_again(target):
    hook = target()
    batch = delivered(hook)

    assert orders("replay", target=hook.name).json()["count"] == 0
    assert orders("replay", target=hook.name, phase="done").json()["count"] == 1
    assert orders("replay", ids=[str(uuid.uuid4())]).json()["count"] == 0
    hook.wait_seen(2)
    hook.wait_phase(batch, "done")


def test_a_filter_skips_what_waits_and_what_failed(target):
    hook = target()
    done = delivered(hook)
    hook.set("enabled = false")
    batch = finished_batch()
    line.until(lambda: hook.ledger(batch) == ["intent"])
    preview = orders("skip", target=hook.name, preview=True).json()

    assert [d["batch_id"] for d in preview["data"]] == [batch]
    assert orders("skip", ids=[preview["data"][0]["id"]]).json()["count"] == 1
    assert (hook.ledger(batch), hook.ledger(done)) == (["passed"], ["done"])


@pytest.mark.parametrize("body, fields", [
    ({}, []), ({"preview": True}, []), ({"target": 1}, ["target"]), ({"target": None}, ["target"]),
    ({"service": "fax"}, ["service"]), ({"phase": ""}, ["phase"]), ({"state": "paused"}, ["state"]),
    ({"batch_id": "x"}, ["batch_id"]), ({"customer_prefix": "pl"}, ["customer_prefix"]),
    ({"ids": []}, ["ids"]), ({"ids": "all"}, ["ids"]), ({"ids": ["1"]}, ["ids[0]"]),
    ({"ids": [str(uuid.uuid4())] * 1001}, ["ids"]), ({"target": "a", "preview": 1}, ["preview"]),
    ({"target": "a", "limit": 5}, ["limit"])])
def test_an_order_that_says_not_which_is_refused(body, fields):
    for word in ORDERS:
        answer = orders(word, **body)

        assert (answer.status, answer.problem(), answer.fields()) == (400, "invalid", fields)


def test_a_key_reaches_the_deliveries_of_its_customers(target):
    hook = target()
    ours = gateway.customer()
    batch, other = delivered(hook, customer_prefix=ours), delivered(hook)
    mine, theirs = ledger(hook, batch), ledger(hook, other)
    keys = Keys(ADMIN)
    try:
        limited = keys.add("read", "operate", customers=[ours])
        reader = keys.add("read")
        gateway.until(lambda: get(PAGES).status == 401, "the gateway notices")

        assert [d["id"] for d in get(PAGES, limited, target=hook.name).json()["data"]] == [mine["id"]]
        assert get(f"{PAGES}/{theirs['id']}", limited).problem() == "not-found"
        assert post(f"{PAGES}/{theirs['id']}/replay", headers=limited).problem() == "not-found"
        assert post(f"{PAGES}/{mine['id']}/replay", headers=reader).problem() == "forbidden"
        answer = post(f"{PAGES}/replay", {"target": hook.name, "phase": "done", "preview": True}, limited)
        assert [d["id"] for d in answer.json()["data"]] == [mine["id"]]
        assert post(f"{PAGES}/replay", {"target": hook.name}, reader).problem() == "forbidden"
    finally:
        keys.remove()
        gateway.until(lambda: get(PAGES).status == 200, "the gateway notices")


# ---- targets, tested by their service ----

def test_a_target_is_tested_and_what_was_found_is_told(target):
    hook = target()
    path = f"/api/targets/{hook.name}/test"
    well = post(path).json()
    hook.answers((403, {}, b"who are you"), (403, {}, b"who are you"))

    assert well == {"well": True, "code": "http_204", "words": "answered 204"}
    assert post(path).json() == {"well": False, "code": "http_403", "words": "answered 403: who are you"}
    assert sql("select action from audit where object = %s", hook.name) == [("target_test",)] * 2
    run = cli("targets", "test", hook.name)
    assert (run.returncode, run.stdout) == (1, f"{hook.name}: not well: answered 403: who are you\n")
    assert said(cli("targets", "test", hook.name, "--json"))["well"] is True
    assert post(f"/api/targets/{uuid.uuid4()}/test").problem() == "not-found"


def test_a_service_that_is_not_there_is_named(target, service):
    hook = target()
    service.stop()
    try:
        answer = ask("POST", f"/api/targets/{hook.name}/test", headers={"Prefer": "wait=1"})
    finally:
        service.start()

    assert (answer.status, answer.problem()) == (503, "unavailable")
    assert answer.json()["detail"] == "batchline-webhook does not answer."
    assert sql("select test_asked_at from targets where name = %s", hook.name) == [(None,)]
    assert not hook.seen()


# ---- the command line ----

def test_deliveries_are_listed_and_explained_by_words(target):
    hook = target()
    batch = delivered(hook)
    name = line.get(f"/api/batches/{batch}")["base_directory_name"]
    row = ledger(hook, batch)
    given_up(hook, "now()")
    listed = cli("deliveries", "--target", hook.name, "--batch", name).stdout.splitlines()
    shown = cli("deliveries", "show", name).stdout

    assert listed[0].split() == ["DELIVERY", "BATCH", "STATE", "TARGET", "PHASE", "CALLS", "WHEN", "WHY"]
    assert listed[1].split()[:6] == [row["id"], name, "completed", hook.name, "failed", "1"]
    assert listed[1].endswith("answered 500 (http_500)")
    assert f"{hook.name}: completed in run 1 of {name}\n" in shown
    assert "phase        failed (not tried any more)\n" in shown
    assert "error        answered 500 (http_500)\n" in shown and f"id           {row['id']}\n" in shown
    assert said(cli("deliveries", "show", row["id"], "--json"))["id"] == row["id"]
    assert len(said(cli("deliveries", "show", batch, "--json"))["data"]) == 1
    assert cli("deliveries", "list", "--phase", "failed", "-t", hook.name).stdout.splitlines() == listed
    assert cli("deliveries", "--target", hook.name, "--phase", "intent").stdout == "No deliveries here.\n"
    assert cli("deliveries", "show", uuid.uuid4()).returncode == 4
    assert cli("deliveries", "--phase", "over").returncode == 1


def test_deliveries_are_replayed_and_skipped_by_words(target):
    hook = target()
    batches = [delivered(hook) for _ in range(2)]
    ids = [ledger(hook, batch)["id"] for batch in batches]
    given_up(hook)
    preview = cli("deliveries", "replay", "--target", hook.name, "--preview").stdout
    assert preview.startswith("2 deliveries would be sent again:\n") and all(i in preview for i in ids)
    assert said(cli("deliveries", "replay", *ids, "--preview", "--json"))["count"] == 2

    assert cli("deliveries", "skip", ids[0]).stdout == f"{ids[0]} is skipped.\n"
    assert cli("deliveries", "replay", "--target", hook.name).stdout == "1 delivery is sent again.\n"
    hook.wait_phase(batches[1], "done")
    again = cli("deliveries", "skip", *ids)
    assert again.returncode == 1 and "it is passed over already" in again.stderr and ids[0] in again.stderr
    assert [d["id"] for d in said(cli("deliveries", "replay", *ids, "--json"))] == ids
    hook.wait_phase(batches[0], "done")
    assert cli("deliveries", "replay", uuid.uuid4()).returncode == 4


@pytest.mark.parametrize("words", [[], ["--preview"], ["some-id", "--target", "a"]])
def test_an_order_wants_ids_or_filters(words):
    for word in ORDERS:
        run = cli("deliveries", word, *words)
        assert (run.returncode, "wants ids, or options that say which" in run.stderr) == (2, True)
