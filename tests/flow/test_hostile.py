# SPDX-License-Identifier: Apache-2.0
"""Records that any stranger may send and that once stopped the line: right after each the projector
has not restarted, a good submission behind it on the same partition becomes a batch, and who sent it
hears why it was not taken."""
import base64
import hashlib
import os
import re
import time
import uuid

import psycopg
import pytest
from confluent_kafka import Producer

import events
import line
from test_events import BROKERS, PREFIX, Topics, a_submission
from test_kill import pid_of

ADMIN = re.sub(r"//\w+@", "//postgres@", os.environ["DATABASE_URL"])
NOWHERE = "blob:sha256/" + "0" * 64
HOME = 7
DEFECT = b"\0\0\0\0\1" + b'{"registry": "framed"} ' * 870_000


def noise(size):
    """Text that does not compress."""
    return base64.b64encode(os.urandom(size * 3 // 4)).decode()


def publish(value, key, topic="submissions"):
    producer = Producer({"bootstrap.servers": BROKERS, "message.max.bytes": 60_000_000,
                         "compression.type": "gzip"})
    producer.produce(PREFIX + topic, value, key, partition=HOME)
    assert producer.flush(60) == 0


def submit(**fields):
    files = fields.pop("files", [{"file_name": "AB_C_x.jpg", "source_uri": NOWHERE}])
    submission = a_submission(files, **fields)
    publish(events.encode("BatchSubmitted", submission), str(submission["batch_id"]))
    return submission["batch_id"]


def batch(batch_id):
    def there():
        status, _, _ = line.call("GET", f"/api/batches/{batch_id}")
        return status == 200 and line.get(f"/api/batches/{batch_id}")
    there.__doc__ = f"batch {batch_id} is in the projection"
    return line.until(there, 60)


@pytest.fixture
def unharmed():
    """The projector is the same process at the end, and takes what comes behind."""
    before = pid_of("projector")
    yield
    assert not batch(submit())["error_code"]
    assert pid_of("projector") == before
    assert line.call("GET", "/api/batches/stats")[0] == 200


@pytest.mark.parametrize("name, fields, code", [
    ("a description", {"render_description": noise(1_500_000)}, "text_too_long"),
    ("a sender", {"submitted_by": noise(1_500_000)}, "text_too_long"),
    ("a source", {"files": [{"file_name": "a.jpg", "source_uri": "blob:sha256/" + noise(1_600_000)}]},
     "text_too_long"),
    ("a hash", {"files": [{"file_name": "a.jpg", "source_uri": NOWHERE, "sha256": noise(1_500_000)}]},
     "bad_sha256"),
    ("a prefix", {"customer_prefix": noise(1_500_000)}, "bad_prefix"),
    ("a description, refused for its pipeline",
     {"pipeline_id": 4711, "render_description": noise(1_500_000)}, "unknown_pipeline"),
    ("a size", {"files": [{"file_name": "a.jpg", "source_uri": NOWHERE, "size": 2**63 - 1}]},
     "bad_size"),
    ("sizes", {"files": [{"file_name": f"{i}.jpg", "source_uri": NOWHERE, "size": 2**63 - 1}
                         for i in range(2)]}, "bad_size")])
def test_what_is_too_large_is_a_failed_batch_that_says_so(unharmed, name, fields, code):
    found = batch(submit(**fields))

    assert (found["status"], found["error_code"], found["total_files"]) == ("failed", code, 0)
    assert len(found["render_description"] or "") <= 4000 and len(found["submitted_by"]) <= 200


def test_what_is_refused_twice_is_still_one_batch(unharmed):
    submission = a_submission([], render_description=noise(5000))
    value = events.encode("BatchSubmitted", submission)
    for _ in range(2):
        publish(value, str(submission["batch_id"]))
        found = batch(submission["batch_id"])
    assert found["error_code"] == "no_files"


def letter_after(send, topic):
    topics = Topics(topic + ".dlq")
    key = send()

    def there(records):
        """the dead letter"""
        return [m for m in records if m.key() == key.encode()]
    letter = there(topics.read_until(there))[0]
    topics.close()
    return letter, {k: v.decode() for k, v in letter.headers()}


def test_a_letter_that_would_not_fit_keeps_its_first_part_and_tells_the_rest(unharmed):
    key = str(uuid.uuid4())
    letter, headers = letter_after(lambda: publish(DEFECT, key) or key, "submissions")

    assert headers["dlq_code"] == "unknown_schema"
    assert (headers["dlq_cut"], headers["dlq_value_size"]) == ("value", str(len(DEFECT)))
    assert headers["dlq_value_sha256"] == hashlib.sha256(DEFECT).hexdigest()
    assert DEFECT.startswith(letter.value()) and len(letter.value()) == 256 * 1024


def test_a_fact_with_a_text_that_is_too_long_is_a_letter(unharmed):
    def send():
        key = str(uuid.uuid4())
        publish(events.encode("BatchCommanded", {
            "event_id": uuid.uuid4(), "occurred_at": time.time_ns() // 1000, "batch_id": key,
            "command": "cancel", "requested_by": "x" * 201, "job_ids": []}), key, "events")
        return key
    letter, headers = letter_after(send, "events")

    assert headers["dlq_code"] == "text_too_long"
    assert "requested_by" in headers["dlq_message"]


def test_a_row_that_the_broker_never_takes_stands_aside_with_its_reason(unharmed):
    """No submission leads to such a row any more; one is made by hand."""
    batch_id = submit()
    batch(batch_id)
    with psycopg.connect(ADMIN) as db:
        db.execute("update batchline.batches set render_description = %s, revision = revision + 1"
                   " where id = %s", [noise(1_500_000), batch_id])

    def parked():
        """the row stands aside"""
        with psycopg.connect(ADMIN) as db:
            return db.execute("select parked_why from batchline_base.outbox_parked"
                              " where batch_id = %s", [batch_id]).fetchone()
    assert line.until(parked) == ("MSG_SIZE_TOO_LARGE",)

    with psycopg.connect(ADMIN) as db:
        db.execute("update batchline.batches set render_description = 'short', revision = revision + 1"
                   " where id = %s", [batch_id])
    line.until(lambda: not parked())
