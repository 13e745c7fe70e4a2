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
from test_cli import cli
from test_events import BROKERS, PREFIX, Topics, a_submission
from test_kill import kill, pid_of

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
     "bad_source"),
    ("a source elsewhere", {"files": [{"file_name": "a.jpg", "source_uri": "s3://b/" + noise(1_600_000)}]},
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
    shown = next(r for r in line.get("/api/parked")["data"] if r["batch_id"] == str(batch_id))
    assert (shown["kind"], shown["reason"]) == ("batch", "MSG_SIZE_TOO_LARGE")
    assert re.search(rf"batch +{batch_id} +MSG_SIZE_TOO_LARGE", cli("parked").stdout)

    with psycopg.connect(ADMIN) as db:
        db.execute("update batchline.batches set render_description = 'short', revision = revision + 1"
                   " where id = %s", [batch_id])
    line.until(lambda: not parked())


def test_names_that_were_chosen_to_clash_again_and_again_end(unharmed):
    names, tail = ["a", "a"], ""
    for n in range(1, 30):
        tail += f"_{n}"
        names.append("a" + tail)
    found = batch(submit(files=[{"file_name": n + ".jpg", "source_uri": NOWHERE} for n in names]))

    with psycopg.connect(ADMIN) as db:
        stems = db.execute("select output_stem from batchline.jobs where batch_id = %s",
                           [found["id"]]).fetchall()
    assert len(set(stems)) == len(names)


def test_a_poll_of_giants_is_taken_in_pieces(unharmed):
    """50 records of 500 KB on the wire's far side, each of 100,001 files: too many, one by one."""
    files = b"\0\0\0\0\0" * 100_001        # an empty name, and four nulls
    head = events.encode("BatchSubmitted", a_submission([]))
    tail = head[head.rindex(b"\0\0\0\n\0"):]
    batches = []
    producer = Producer({"bootstrap.servers": BROKERS, "message.max.bytes": 60_000_000,
                         "compression.type": "gzip", "queue.buffering.max.kbytes": 1_000_000})
    for _ in range(50):
        batches.append(uuid.uuid4())
        head = events.encode("BatchSubmitted", a_submission([], batch_id=batches[-1]))
        assert head.endswith(tail)
        value = head[:-len(tail)] + zigzag(100_001) + files + tail
        producer.produce(PREFIX + "submissions", value, str(batches[-1]), partition=HOME)
    assert producer.flush(60) == 0

    assert {batch(b)["error_code"] for b in batches} == {"too_many_files"}


def zigzag(n):
    """A long as Avro writes it."""
    n, out = n << 1, bytearray()
    while n > 0x7f:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    return bytes(out + bytes([n]))


def test_a_time_that_no_clock_tells_is_the_broker_s(unharmed):
    """A delete at the least long of all was no delete."""
    batch_id = submit(occurred_at=2**63 - 1)
    home = batch(batch_id)
    assert home["created_at"][:4] == time.strftime("%Y")
    publish(events.encode("BatchCommanded", {
        "event_id": str(uuid.uuid4()), "occurred_at": -2**63, "batch_id": str(batch_id),
        "command": "delete", "requested_by": "test_hostile", "job_ids": []}, plain=True),
        str(batch_id), "events")

    line.until(lambda: line.call("GET", f"/api/batches/{batch_id}")[0] == 404)


def test_a_pipeline_is_known_the_moment_it_is_made(unharmed):
    number = 5000 + uuid.uuid4().int % 1_000_000
    with psycopg.connect(ADMIN) as db:
        db.execute("insert into batchline_base.pipelines (id, name, definition) select %s, %s,"
                   " definition from batchline_base.pipelines where id = 1", [number, str(number)])
    assert not batch(submit(pipeline_id=number))["error_code"]


@pytest.mark.parametrize("uri", ["blob:outputs/a/b/1-x/y.jpg", "blob:archives/a/1.zip", "blob:sha256/..",
                                 "blob:sha256/" + "A" * 64])
def test_only_inputs_are_a_source(unharmed, uri):
    found = batch(submit(files=[{"file_name": "a.jpg", "source_uri": uri}]))
    assert found["error_code"] == "bad_source"


def test_a_turn_that_takes_longer_than_a_statement_may_is_halved():
    """120,000 jobs at once, and a second for each statement."""
    def limit(seconds):
        with psycopg.connect(ADMIN, autocommit=True) as db:
            db.execute(f"alter role batchline_projector set statement_timeout to '{seconds}s'")
        kill("projector")
    limit(1)
    try:
        files = [{"file_name": f"{i}.jpg", "source_uri": NOWHERE} for i in range(4000)]
        batches = [submit(files=files) for _ in range(30)]
        assert {batch(b)["total_files"] for b in batches} == {4000}
    finally:
        limit(30)
        for b in batches:       # nobody has to render them
            assert line.call("DELETE", f"/api/batches/{b}")[0] in (202, 204)
