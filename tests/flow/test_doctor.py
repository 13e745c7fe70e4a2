# SPDX-License-Identifier: Apache-2.0
"""batchline doctor: all is well on a line that is, and each ill of it has its line and its exit code."""
import json
import uuid

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

import gateway
from gateway import get, post, submit
from test_archive import stopped
from test_cli import DEAD, cli
from test_dlq import BROKERS, PREFIX, forge
from test_gateway_keys import JOB, Keys
from test_webhook import ADMIN, sql


def checks(**environment):
    """What it found: name -> (verdict, words), and its exit code."""
    run = cli("doctor", "--json", **environment)
    assert run.returncode in (0, 3), run.stderr
    return {c["check"]: (c["verdict"], c["found"], c["do"]) for c in json.loads(run.stdout)}, run.returncode


def letters_remove():
    """All dead letters, however many other tests left."""
    admin = AdminClient({"bootstrap.servers": BROKERS})
    client = Consumer({"bootstrap.servers": BROKERS, "group.id": "tidy"})
    ends = []
    for topic in ("submissions", "events", "jobs", "batches"):
        name = f"{PREFIX}{topic}.dlq"
        for partition in client.list_topics(name, timeout=10).topics[name].partitions:
            one = TopicPartition(name, partition)
            one.offset = client.get_watermark_offsets(one, timeout=10)[1]
            ends.append(one)
    client.close()
    for done in admin.delete_records(ends).values():
        done.result(30)


def tidy():
    """What other tests left is dealt with."""
    letters_remove()
    sql("update delivery_ledger set phase = 'passed' where phase = 'failed'")
    sql("update targets set attention = null where attention is not null")


def test_on_a_line_that_is_well_all_is_ok():
    tidy()
    gateway.finished(submit())
    found, code = checks()

    assert {name: verdict for name, (verdict, *_) in found.items() if verdict != "ok"} == {}
    assert code == 0 and {"version", "key", "clock", "postgres", "kafka", "projector", "renderers",
                          "batches", "archives", "dead letters", "parked", "deliveries", "targets",
                          "store"} == set(found)
    run = cli("doctor")
    assert run.returncode == 0 and "CHECK" in run.stdout and "WHAT TO DO" not in run.stdout


def test_an_open_dead_letter_is_said_until_somebody_deals_with_it():
    tidy()
    forge(3)
    found, code = checks()
    assert (found["dead letters"][:2], code) == (("warn", "3 open"), 3)
    assert "batchline dlq" in cli("doctor").stdout
    assert cli("dlq", "discard", "--topic", "batches", "--reason", "a test's", "--yes").returncode == 0
    assert checks()[0]["dead letters"][0] == "ok"


def test_a_projector_that_stands_still_is_said():
    with stopped("projector"):
        assert post("/api/jobs", JOB, {"Prefer": "respond-async"}).status == 202
        found, code = checks()
    assert (found["projector"][0], code) == ("bad", 3) and "not moving" in found["projector"][1]
    gateway.until(lambda: checks()[0]["projector"][0] == "ok", "it moves again")


def test_jobs_that_no_renderer_begins_are_said():
    with gateway.without("renderer"):
        one = submit()["batch_id"]
        gateway.until(lambda: checks()[0]["renderers"][0] == "bad", "it is said")
    gateway.finished({"batch_id": one})
    assert checks()[0]["renderers"][0] == "ok"


def test_a_failed_delivery_is_said():
    name, batch = f"t-{uuid.uuid4().hex[:12]}", gateway.finished(submit())["id"]
    post("/api/targets", {"service": "webhook", "name": name, "enabled": False,
                          "settings": {"url": "https://example.org/", "secret": "key"}})
    sql("insert into delivery_ledger (id, target_id, batch_id, run_no, state, phase, settled_at)"
        " select gen_random_uuid(), id, %s, 1, 'completed', 'failed', now() from targets where name = %s",
        batch, name)
    try:
        found, code = checks()
        assert (found["deliveries"][0], code) == ("warn", 3) and "failed" in found["deliveries"][1]
    finally:
        sql("delete from targets where name = %s", name)


def test_who_may_not_operate_is_told_what_he_may_know():
    keys = Keys(ADMIN)
    try:
        soon = keys.add("read", expires="now() + interval '3 days'")["Authorization"].removeprefix("Bearer ")
        gateway.until(lambda: get("/api/batches").status == 401, "the gateway notices")
        found, code = checks(BATCHLINE_API_KEY=soon)
        wrong = cli("doctor", BATCHLINE_API_KEY="bl_wrong")
    finally:
        keys.remove()
        gateway.until(lambda: get("/api/batches").status == 200, "the gateway notices")
    assert found["key"][0] == "warn" and "until" in found["key"][1] and code == 3
    assert "projector" not in found and "dead letters" not in found
    assert wrong.returncode == 1


def test_a_gateway_that_is_away_is_an_exit_code_of_its_own():
    assert cli("doctor", url=DEAD).returncode == 5
