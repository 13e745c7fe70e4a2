# SPDX-License-Identifier: Apache-2.0
"""The line as a stranger sees it: submissions by fastavro, every record of ours read by fastavro.

The story: a batch of two photographs, one with a file that is no picture, one for a pipeline that
does not exist; at the end the first is deleted. What was then on the topics is looked at."""
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
import uuid

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

import events

BROKERS = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
PREFIX = os.environ["BATCHLINE_TOPIC_PREFIX"]
PHOTOS = sorted((events.ROOT / "docker/demo/photos").glob("*.jpg"))
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
UNTIL = 60


class Topics:
    """What is written to some topics from now on."""

    def __init__(self, *names):
        self.consumer = Consumer({"bootstrap.servers": BROKERS, "group.id": str(uuid.uuid4()),
                                  "enable.auto.commit": False})
        self.records, places = [], []
        for name in names:
            for p in self.consumer.list_topics(PREFIX + name).topics[PREFIX + name].partitions:
                place = TopicPartition(PREFIX + name, p)
                _, place.offset = self.consumer.get_watermark_offsets(place, timeout=10)
                places.append(place)
        self.consumer.assign(places)

    def read_until(self, enough):
        until = time.monotonic() + UNTIL
        while not enough(self.records):
            assert time.monotonic() < until, f"not seen: {enough.__doc__ or enough}"
            for m in self.consumer.consume(500, 0.2):
                assert not m.error(), m.error()
                self.records.append(m)
        return self.records

    def close(self):
        self.consumer.close()


def send(value, key, headers=None, topic="submissions"):
    producer, errors = Producer({"bootstrap.servers": BROKERS}), []
    producer.produce(PREFIX + topic, value, key, headers=headers,
                     on_delivery=lambda e, m: errors.append(e) if e else None)
    assert producer.flush(30) == 0 and not errors


def a_submission(files, **fields):
    return {"event_id": uuid.uuid4(), "occurred_at": time.time_ns() // 1000,
            "batch_id": uuid.uuid4(), "submitted_by": "test_events", "pipeline_id": 1,
            "files": files, **fields}


def publish(submission, headers=None):
    send(events.encode("BatchSubmitted", submission), str(submission["batch_id"]), headers)
    return submission["batch_id"]


def inline(path):
    return {"file_name": path.name, "data": path.read_bytes()}


def name_of(message):
    return message.topic().removeprefix(PREFIX)


def states(records, batch):
    """The BatchChanged of a batch, in order; None for its tombstone."""
    return [events.decode(m.value())[1] if m.value() else None for m in records
            if name_of(m) == "batches" and m.key().decode() == str(batch)]


def job_id(batch, index):
    digest = hashlib.sha1(batch.bytes + index.to_bytes(4, "big")).digest()
    b = bytearray(batch.bytes[:6] + digest[:10])
    b[6], b[8] = 0x80 | b[6] & 0x0f, 0x80 | b[8] & 0x3f
    return uuid.UUID(bytes=bytes(b))


class Story:
    pass


@pytest.fixture(scope="module")
def story():
    s = Story()
    topics = Topics("submissions", "events", "jobs", "batches")
    s.good = publish(a_submission([inline(p) for p in PHOTOS[:2]], render_description="two – zwei"),
                     [("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode())])
    s.broken = publish(a_submission([{"file_name": "no.jpg", "data": b"not a picture"}]))
    s.unknown = publish(a_submission([inline(PHOTOS[0])], pipeline_id=4711))

    def finished(records):
        """the three batches' last states"""
        good, *others = [(states(records, b) or [None])[-1] for b in (s.good, s.broken, s.unknown)]
        return good and good["archive"] and all(b and b["completed_at"] for b in others)

    topics.read_until(finished)
    s.last = {b: states(topics.records, b)[-1] for b in (s.good, s.broken, s.unknown)}
    urllib.request.urlopen(urllib.request.Request(
        f"{os.environ['BATCHLINE_URL']}/api/batches/{s.good}", method="DELETE"), timeout=30)

    def deleted(records):
        """the tombstone of a deleted batch"""
        return None in states(records, s.good)

    s.records = topics.read_until(deleted)
    s.ours = [m for m in s.records if name_of(m) != "submissions" and m.value()]
    s.events = [(m, *events.decode(m.value())) for m in s.ours]
    topics.close()
    return s


def test_every_record_is_what_fastavro_would_write_byte_for_byte(story):
    for m, record, value in story.events:
        assert events.encode(record, value) == m.value(), record


def test_every_kind_of_record_was_seen(story):
    assert {record for _, record, _ in story.events} >= {
        "BatchChanged", "BatchCommanded", "JobDispatched", "JobStarted", "JobCompleted",
        "JobFailed", "ArchiveBuilt"}


def test_every_topic_holds_its_records_alone(story):
    for m, record, _ in story.events:
        topic = {"JobDispatched": "jobs", "BatchChanged": "batches"}.get(record, "events")
        assert name_of(m) == topic, record


def test_headers_are_those_of_cloudevents(story):
    for m, record, value in story.events:
        headers = {name: text.decode() for name, text in m.headers()}
        assert headers["ce_specversion"] == "1.0"
        assert headers["ce_id"] == str(value["event_id"])
        assert headers["ce_type"] == f"batchline.{record}"
        assert headers["ce_source"].startswith("/batchline/")
        assert headers["ce_subject"] == str(value["batch_id"])
        assert headers["content-type"] == "application/avro"
        when = value["occurred_at"]
        assert headers["ce_time"] == f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}Z"
        assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", headers["traceparent"])


def test_a_trace_goes_from_the_submission_through_every_effect(story):
    for m, record, value in story.events:
        if value["batch_id"] == story.good and record != "BatchCommanded":
            trace = dict(m.headers())["traceparent"].decode()
            assert trace[3:35] == TRACE, record
            assert trace[36:52] != "00f067aa0ba902b7", record


def test_keys_are_batch_ids_and_on_jobs_job_ids(story):
    for m, record, value in story.events:
        assert m.key().decode() == str(value["job_id" if record == "JobDispatched" else "batch_id"])


def test_every_answer_goes_to_the_home_of_its_batch(story):
    home = {m.key().decode(): m.partition() for m in story.records if name_of(m) == "submissions"}
    for m, record, value in story.events:
        batch = str(value["batch_id"])
        if batch not in home:  # a story before this one may still speak
            continue
        if name_of(m) == "events":
            assert m.partition() == home[batch], record
        elif record in ("JobDispatched", "BatchChanged"):
            assert value["partition"] == home[batch]
    assert len(home) == 3


def test_ids_are_the_derived_ones(story):
    for _, record, value in story.events:
        batch = value["batch_id"]
        if record.startswith("Job"):
            assert value["job_id"] in [job_id(batch, i) for i in range(2)]
            assert value["event_id"] == uuid.uuid5(value["job_id"], f"{record}/{value['attempt']}")
        elif record == "BatchChanged":
            assert value["event_id"] == uuid.uuid5(batch, f"revision/{value['revision']}")
        elif record == "ArchiveBuilt":
            assert value["event_id"] == uuid.uuid5(batch, f"ArchiveBuilt/{value['run_no']}")


def test_revisions_rise_and_are_never_used_twice(story):
    for batch in (story.good, story.broken, story.unknown):
        seen = {}
        for m in story.records:
            if name_of(m) == "batches" and m.value() and m.key().decode() == str(batch):
                revision = events.decode(m.value())[1]["revision"]
                assert seen.setdefault(revision, m.value()) == m.value()
        assert list(seen) == sorted(seen)


def test_a_finished_batch_says_what_became_of_it(story):
    good = story.last[story.good]

    assert (good["status"], good["jobs_completed"], good["total_files"]) == ("completed", 2, 2)
    assert good["render_description"] == "two – zwei"
    day, counter = good["batch_date"], good["batch_counter"]
    assert good["base_directory_name"] == f"PL_DXB_{day}_batch-{counter}"
    assert good["total_size"] == sum(p.stat().st_size for p in PHOTOS[:2])
    assert good["archive"]["entries"] >= 3 and good["archive"]["run_no"] == good["run_no"]
    assert good["occurred_at"] == good["updated_at"]


def test_what_is_no_picture_is_one_failed_job(story):
    assert story.last[story.broken]["status"] == "failed"
    assert story.last[story.broken]["jobs_failed"] == 1
    failures = [v for _, r, v in story.events if r == "JobFailed" and v["batch_id"] == story.broken]
    assert [(f["attempt"], f["retryable"]) for f in failures] == [(1, False)]


def test_what_cannot_be_accepted_is_a_failed_batch_that_says_why(story):
    unknown = story.last[story.unknown]

    assert (unknown["status"], unknown["error_code"]) == ("failed", "unknown_pipeline")
    assert "4711" in unknown["error_message"]
    assert unknown["total_files"] == 0


GOOD = events.encode("BatchSubmitted", a_submission([]) | {"batch_id": uuid.UUID(int=7)})
BAD = {
    "cut short": (GOOD[:-3], str(uuid.UUID(int=7)), "bad_record"),
    "with bytes behind": (GOOD + b"\0", str(uuid.UUID(int=7)), "bad_record"),
    "of a foreign schema": (b"\xc3\x01\x8a\x8f\x25\xcc\xe7\x24\xdd\x63", "x", "unknown_schema"),
    "framed for a registry": (b"\0\0\0\0\1rest", "x", "unknown_schema"),
    "JSON": (b'{"batch_id": "7"}', "x", "not_framed"),
    "without a key": (GOOD, None, "wrong_key"),
    "with another key": (GOOD, str(uuid.UUID(int=8)), "wrong_key"),
    "a forged completion": (events.encode("ArchiveBuilt", {
        "event_id": uuid.UUID(int=1), "occurred_at": 0, "batch_id": uuid.UUID(int=7), "run_no": 1,
        "uri": "blob:x", "size": 1, "sha256": "", "entries": 1}),
        str(uuid.UUID(int=7)), "wrong_topic"),
}


def test_bad_records_become_dead_letters_and_the_line_goes_on():
    letters, batches = Topics("submissions.dlq"), Topics("batches")
    mark = str(uuid.uuid4()).encode()
    for value, key, _ in BAD.values():
        send(value, key, [("mark", mark)])
    after = publish(a_submission([inline(PHOTOS[0])]))

    def all_letters(records):
        """a dead letter for every bad record"""
        return sum(dict(m.headers()).get("mark") == mark for m in records) >= len(BAD)

    def the_one_behind(records):
        """the batch behind the bad records"""
        return states(records, after)

    found = [m for m in letters.read_until(all_letters) if dict(m.headers()).get("mark") == mark]
    batches.read_until(the_one_behind)
    said = {(m.value(), m.key(), dict(m.headers())["dlq_code"].decode()) for m in found}
    assert said == {(value, key and key.encode(), code) for value, key, code in BAD.values()}
    letters.close()
    batches.close()


def test_the_same_submission_twice_is_one_batch_and_with_other_content_a_dead_letter():
    letters, batches = Topics("submissions.dlq"), Topics("batches")
    submission = a_submission([inline(PHOTOS[0])])
    publish(submission)
    batch = publish(submission | {"event_id": uuid.uuid4()})
    publish(submission | {"pipeline_id": 2})

    def conflict(records):
        """the dead letter of the conflicting submission"""
        return [m for m in records if m.key() and m.key().decode() == str(batch)]

    letter = conflict(letters.read_until(conflict))
    assert [dict(m.headers())["dlq_code"] for m in letter] == [b"conflicting_submission"]

    def done(records):
        """the batch that was submitted twice, finished"""
        last = states(records, batch)
        return last and last[-1]["completed_at"]

    batches.read_until(done)
    assert {s["pipeline_id"] for s in states(batches.records, batch)} == {1}
    assert {s["total_files"] for s in states(batches.records, batch)} == {1}
    letters.close()
    batches.close()


# The page's own lines.

PAGE = (events.ROOT / "docs/events.md").read_text()
EXAMPLES = re.findall(r"```(python|js)\n(.*?)```", PAGE, re.S)
NODE = {"NODE_PATH": str(events.ROOT / "tests/web/node_modules"),
        "KAFKAJS_NO_PARTITIONER_WARNING": "1"}


def test_the_page_of_the_events_is_what_the_schemas_say():
    subprocess.run([sys.executable, events.ROOT / "docs/events.py", "--check"], check=True)


def example(number, folder, *changes):
    """The page's lines as a program, with what a test must say otherwise."""
    language, code = EXAMPLES[number]
    for was, now in (('"batchline.', f'"{PREFIX}'), *changes):
        code = code.replace(was, now)
    path = folder / ("example.py" if language == "python" else "example.cjs")
    path.write_text(code)
    return ["node" if language == "js" else sys.executable, path]


@pytest.mark.parametrize("number", [0, 1], ids=["python", "node"])
def test_the_lines_of_the_page_publish_a_batch(number, tmp_path):
    batches = Topics("batches")

    said = subprocess.run([*example(number, tmp_path), *PHOTOS[:2]], cwd=events.ROOT, text=True,
                          env={**os.environ, **NODE}, capture_output=True, timeout=UNTIL)
    assert said.returncode == 0, said.stderr
    batch = uuid.UUID(said.stdout.split()[-1])

    def there(records):
        """the batch that the page's lines published"""
        return states(records, batch)

    batches.read_until(there)
    assert states(batches.records, batch)[0]["total_files"] == 2
    batches.close()


def test_the_lines_of_the_page_follow_batches(tmp_path):
    batches = Topics("batches")
    follower = subprocess.Popen(example(2, tmp_path, ('"dashboard"', f'"{uuid.uuid4()}"')),
                                cwd=events.ROOT, text=True, stdout=subprocess.PIPE,
                                env={**os.environ, "PYTHONUNBUFFERED": "1"})
    threading.Timer(UNTIL, follower.kill).start()
    batch = publish(a_submission([inline(PHOTOS[0])]))

    def named(records):
        """the batch's name"""
        return states(records, batch)

    name = states(batches.read_until(named), batch)[0]["base_directory_name"]
    assert any(line.split()[0] == name for line in follower.stdout)
    follower.kill()
    follower.wait()
    batches.close()


def test_the_lines_of_the_page_derive_the_ids_that_it_prints():
    names = {}
    exec(EXAMPLES[3][1], names)

    batch = uuid.UUID("018f3c5e-7a10-7b3c-9d2e-0123456789ab")
    for index in (0, 1, 9999):
        assert f"| job {index} | `{names['job_id'](batch, index)}` |" in PAGE
    assert f"| `JobCompleted` of job 0, attempt 2 | `{names['event_id']}` |" in PAGE
    assert json.dumps(str(batch)) in EXAMPLES[3][1]
