# SPDX-License-Identifier: Apache-2.0
"""Facts that come before their submission: kept whole, applied right after it, given up on after
a week, or at once when their batch turns out to live elsewhere."""
import os
import re
import subprocess
import sys
import time
import uuid

import psycopg
from confluent_kafka import Producer

import events
import line
from test_events import BROKERS, PHOTOS, PREFIX, Topics, a_submission, inline, publish

sys.path.insert(0, str(events.ROOT / "docker"))
import servers  # noqa: E402

ADMIN = re.sub(r"//\w+@", "//postgres@", os.environ["DATABASE_URL"])
TRACE = ("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")


def command(batch, word, partition=-1):
    """A BatchCommanded on events; where librdkafka's partitioner puts it, or there."""
    value = events.encode("BatchCommanded", {
        "event_id": uuid.uuid4(), "occurred_at": time.time_ns() // 1000, "batch_id": batch,
        "command": word, "requested_by": "test_parked", "job_ids": []})
    producer = Producer({"bootstrap.servers": BROKERS, "partitioner": "consistent_random"})
    producer.produce(PREFIX + "events", value, str(batch), partition=partition, headers=[TRACE])
    assert producer.flush(30) == 0
    return value


def parked(batch):
    with psycopg.connect(ADMIN) as db:
        return db.execute("select partition, headers from batchline.early_facts"
                          " where batch_id = %s", [batch]).fetchone()


def letter_of(batch, topics):
    def there(records):
        """the dead letter"""
        return [m for m in records if m.key() == str(batch).encode()]
    letter = there(topics.read_until(there))[0]
    topics.close()
    return letter, {k: v.decode() for k, v in letter.headers()}


def test_a_command_before_its_submission_is_parked_and_applied_right_after_it():
    batch = uuid.uuid4()
    command(batch, "cancel")
    line.until(lambda: parked(batch))

    publish(a_submission([inline(p) for p in PHOTOS[:2]], batch_id=batch))
    line.until(lambda: line.call("GET", f"/api/batches/{batch}")[0] == 200)

    found = line.finished(batch)
    assert (found["status"], found["jobs_cancelled"]) == ("cancelled", 2)
    assert not parked(batch)


def test_a_fact_that_nobody_claims_for_a_week_becomes_a_dead_letter_as_it_came():
    batch, topics = uuid.uuid4(), Topics("events.dlq")
    value = command(batch, "pause")
    line.until(lambda: parked(batch))

    with psycopg.connect(ADMIN) as db:
        db.execute("update batchline.early_facts set recorded_at = now() - interval '8 days'"
                   " where batch_id = %s", [batch])
    letter, headers = letter_of(batch, topics)

    assert letter.value() == value
    assert (headers["dlq_code"], headers["traceparent"]) == (
        "no_submission", TRACE[1].decode())
    assert not parked(batch)


def test_a_parked_fact_whose_batch_lives_elsewhere_becomes_a_dead_letter():
    batch, topics = uuid.uuid4(), Topics("events.dlq")
    command(batch, "cancel", partition=0)
    command(batch, "cancel", partition=1)  # one of the two at least is not its home
    line.until(lambda: parked(batch))
    publish(a_submission([inline(PHOTOS[0])], batch_id=batch))

    letter, headers = letter_of(batch, topics)
    assert headers["dlq_code"] == "wrong_partition"
    assert "home is partition" in headers["dlq_message"]
    line.until(lambda: not parked(batch))


def stack(*words):
    subprocess.run([events.ROOT / "docker/stack", *words], check=True, capture_output=True)


def test_only_so_many_facts_may_wait_for_their_submission():
    """The first ones, by their places, become dead letters; the newest of them stay."""
    def waiting():
        with psycopg.connect(ADMIN) as db:
            return db.execute("select count(*) from batchline.early_facts").fetchone()[0]
    topics = Topics("events.dlq")
    stack("stop", "projector")
    ours = {str(uuid.uuid4()) for _ in range(10)}
    for batch in ours:
        command(batch, "pause", partition=11)
    with subprocess.Popen([servers.service_program("projector")], stderr=subprocess.DEVNULL, env={
            **os.environ, **servers.service_environment("projector"),
            "BATCHLINE_PARKED_MAX": "3"}) as projector:
        try:
            line.until(lambda: waiting() == 3)
            topics.read_until(lambda records: len({m.key().decode() for m in records} & ours) == 7)
        finally:
            projector.terminate()
    stack("start", "projector")

    codes = [dict(m.headers())["dlq_code"] for m in topics.records if m.key().decode() in ours]
    topics.close()
    assert codes == [b"too_many_parked"] * 7
