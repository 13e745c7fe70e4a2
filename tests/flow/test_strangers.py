# SPDX-License-Identifier: Apache-2.0
"""Anybody may write anything: some hundred records of every type with values at every edge, among
good ones, and the line goes on as if they had not come. STRANGERS_SEED chooses others."""
import os
import random
import uuid

import psycopg
import pytest
from confluent_kafka import KafkaException, Producer

import events
import line
from test_archive import archiver, stopped
from test_events import BROKERS, PHOTOS, PREFIX, a_submission, job_id
from test_hostile import unharmed, zigzag  # noqa: F401
from test_kill import kill, pid_of
from test_projection import (
    ADMIN, a_batch, apply, applied, batch_row, command, completed, failed, job_rows, letters_of, now,
    rows, started, submission)

SEED = int(os.environ.get("STRANGERS_SEED", "20"))
ROUNDS, STRANGE, PARTITIONS = 4, 200, (1, 4, 7)
SERVICES = ("projector", "renderer", "janitor", "gateway")
NUMBERS = {"int": [0, 1, -1, 2, 10, 2**31 - 1, 2**31 - 2, -2**31, 10**6],
           "long": [0, 1, -1, 2**63 - 1, 2**63 - 2, -2**63, 2**62, 2**40, 2**40 + 1, 2**32, 2**31]}
WORDS = ["", " ", "\t\r\n", "x: y\r\nz: q", "\u202egnp.exe", "e\u0301\u0301", "é", "\x01\x1b[31m\x7f",
         "\ufeff", "\u0000", "a\u0000b", "\U0001f468\u200d\U0001f469", "\ud7ff\uffff", "../../etc/passwd",
         "CON", ".", "manifest.json", "%s%n%d", "'; drop table batches; --", "{\"a\":[", "null", "-0",
         "blob:sha256/" + "0" * 64, "blob:outputs/../x", "blob:archives/x/1.zip", "file:///etc/passwd",
         "s3://b/k", "0" * 64, "AB" * 32, "image/jpeg", "dropbox", "cancel", "retry", "resume"]
SIZES = [31, 32, 33, 36, 37, 63, 64, 65, 67, 68, 100, 101, 200, 201, 255, 256, 2000, 2001, 2048, 2049,
         4000, 4001, 65536, 65537, 300_000]


class Stranger(random.Random):
    """Says of these batches, and of others, what no service would."""

    def __init__(self, seed):
        super().__init__(seed)
        self.batches = []

    def text(self):
        letter = self.choice(["x", "é", "e\u0301", "写", "\U0001f600", "\x02", "\u202e"])
        return self.choice([self.choice(WORDS), letter * self.choice(SIZES),
                            "x" * self.choice(SIZES), str(uuid.UUID(int=self.getrandbits(128)))])

    def batch(self):
        return self.choice(self.batches + [uuid.UUID(int=self.getrandbits(128))])

    def items(self, schema):
        few = [self.value(schema["items"]) for _ in range(self.choice([0, 1, 2, 3, 40]))]
        return few * self.choice([1, 1, 2, 500]) if len(few) < 4 else few

    def value(self, schema):
        if isinstance(schema, list):
            return self.value(self.choice(schema))
        if isinstance(schema, dict):
            kind = schema["type"]
            if kind == "record":
                return {f["name"]: self.value(f["type"]) for f in schema["fields"]}
            return self.items(schema) if kind == "array" else self.value(kind)
        return {"null": lambda: None, "boolean": lambda: self.random() < .5, "string": self.text,
                "bytes": lambda: self.randbytes(self.choice([0, 1, 1000, 256 * 1024 + 1]))}.get(
                    schema, lambda: self.choice(NUMBERS.get(schema, [0]) + [now()] * (schema == "long")))()

    def plausible(self, kind, batch):
        """What might be said, before something in it is turned."""
        index, run = self.randrange(3), self.choice([1, 1, 2])
        job = str(job_id(batch, index))
        output = {"view": "web", "name": f"y{index}_web.jpg", "uri": "blob:outputs/a/b/1-x/y.jpg",
                  "media_type": "image/jpeg", "width": 10, "height": 10, "size": 100,
                  "sha256": "ab" * 32, "crc32": 7}
        says = {f["name"]: self.value(f["type"]) for f in events.TEXTS[kind]["fields"]}
        sane = {"event_id": str(uuid.UUID(int=self.getrandbits(128))), "occurred_at": now(),
                "batch_id": str(batch), "job_id": job, "run_no": run, "attempt": self.choice([1, 1, 2, 3]),
                "worker": "w", "duration_ms": 5, "preview_uri": None, "outputs": [output] * self.choice([1, 2]),
                "input_size": 100, "error_code": "bad_image", "error_message": "it is none",
                "submitted_by": "stranger", "pipeline_id": self.choice([1, 2]), "priority": 5,
                "customer_prefix": "VICTIM", "render_description": "x", "failures_tolerated": None,
                "files": [{"file_name": f"{n}.jpg", "source_uri": "blob:sha256/" + "0" * 64, "data": None,
                           "size": None, "sha256": None} for n in range(3)],
                "command": self.choice(["cancel", "pause", "resume", "retry", "retry", "retry", "delete"]),
                "requested_by": "w", "job_ids": self.choice([[], [job], [job] * 3000]),
                "uri": "blob:archives/x/1.zip", "size": 100, "sha256": "ab" * 32, "entries": 2,
                "service": "dropbox", "target": "t", "external_id": "x", "attempts": 1,
                "partition": self.choice(PARTITIONS), "position": index, "file_name": "a.jpg",
                "output_stem": "a", "source_uri": "blob:sha256/" + "0" * 64, "deadline_ms": 1000,
                "status": "completed", "control": "run", "revision": 3, "jobs_completed": 2,
                "archive": None, "completed_at": now()}
        return {**says, **{k: v for k, v in sane.items() if k in says}}

    def record(self, kind):
        """(key, value, headers), of a size that the brokers take."""
        while len((found := self.any_record(kind))[1] or b"") > 900_000:
            pass
        return found

    def any_record(self, kind):
        batch = self.batch()
        said = self.plausible(kind, batch)
        for field in self.sample(events.TEXTS[kind]["fields"], self.choice([0, 1, 1, 1, 2, 3])):
            if field["name"] not in ("event_id", "batch_id", "job_id") or self.random() < .1:
                said[field["name"]] = self.value(field["type"])
        if "job_id" in said and self.random() < .15:
            said["job_id"] = str(job_id(self.batch(), 0))
        key = said["job_id" if kind == "JobDispatched" else "batch_id"].encode()
        return (key if self.random() > .05 else self.choice([None, b"", b"\xff", key.upper(), key * 200]),
                self.bent(events.encode(kind, said, plain=True)), self.headers())

    def bent(self, value):
        if self.random() > .12:
            return value
        bent = bytearray(value)
        bent[self.randrange(len(bent))] ^= 1 << self.randrange(8)
        return self.choice([value[:self.randrange(len(value))], bytes(bent), value + b"\0", None, b"",
                            value[:10] + zigzag(2**62), b"\0\0\0\0\1x", self.randbytes(30)])

    def headers(self):
        if self.random() > .15:
            return None
        return self.choice([
            [("h" + str(n), b"x") for n in range(200)], [("big", self.randbytes(500_000))],
            [("", b"x"), ("é\u202e", None), ("a" * 5000, b""), ("a\0b", b"c\0d")],
            [("traceparent", self.randbytes(55)), ("traceparent", None)],
            [("dlq_replays", self.randbytes(5000)), ("dlq_topic", None), ("ce_id", b"\xff")]])


class Line:
    """Where the records go; what they became is known by their places."""

    def __init__(self, stranger):
        self.stranger, self.places, self.errors = stranger, [], []
        self.ours, *self.theirs = (Producer({
            "bootstrap.servers": BROKERS, "linger.ms": 50, "message.max.bytes": 16 * 1024 * 1024,
            "compression.type": codec}) for codec in ("none", "gzip", "snappy", "lz4", "zstd"))

    def write(self, topic, partition, key, value, headers=None, timestamp=0, producer=None):
        def delivered(error, m):
            self.errors.append(error) if error else self.places.append(
                (topic, m.partition(), m.offset()))
        producer = producer or self.ours
        producer.produce(PREFIX + topic, value, key, partition=partition, headers=headers,
                         timestamp=timestamp, on_delivery=delivered)
        producer.poll(0)

    def strange(self, topic, kind):
        s = self.stranger
        key, value, headers = s.record(kind)
        if key is None and topic == "batches":
            key = b""                   # no broker takes it otherwise: the topic is compacted
        self.write(topic, s.choice(PARTITIONS), key, value, headers, producer=s.choice(self.theirs),
                   timestamp=s.choice([0, 0, 0, 1, 10**12, now() // 1000 + 1_800_000]))

    def written(self):
        assert not any(p.flush(30) for p in (self.ours, *self.theirs)) and not self.errors

    def applied(self):
        self.written()
        applied([p for p in self.places if p[0] in ("submissions", "events")])


KINDS = ["BatchSubmitted", "BatchCommanded", "JobStarted", "JobCompleted", "JobFailed", "ArchiveBuilt",
         "DeliverySucceeded", "DeliveryFailed"]
OUTCOMES = ["completed", "failed", "processing", "completed"]


def good_records(batch):
    """A batch of four jobs that the tests render; what came in is what must come out."""
    return [submission(batch, 4, prefix="GOOD"), started(batch, 0),
            completed(batch, 0), failed(batch, 1), started(batch, 2), started(batch, 3),
            completed(batch, 3)]


def one_round(stranger, to):
    """Strange records and good ones, shuffled, the good ones of a batch in their order."""
    good = {uuid.uuid4(): stranger.choice(PARTITIONS) for _ in range(4)}
    for b, p in good.items():           # paused before they are there: no renderer meddles
        to.write("events", p, *command(b, "pause")[1:])
    to.applied()
    lanes = [[(lambda r=r, p=p: to.write(r[0], p, r[1], r[2])) for r in good_records(b)]
             for b, p in good.items()]
    lanes += [[lambda: to.strange("submissions", "BatchSubmitted")] for _ in range(STRANGE // 4)]
    lanes += [[lambda: to.strange("events", stranger.choice(KINDS))] for _ in range(STRANGE)]
    lanes += [[lambda: to.strange("submissions", stranger.choice(KINDS))] for _ in range(5)]
    lanes += [[lambda: to.strange("jobs", stranger.choice(["JobDispatched"] * 5 + KINDS))] for _ in range(12)]
    lanes += [[lambda: to.strange("batches", stranger.choice(["BatchChanged"] * 5 + KINDS))] for _ in range(12)]
    while lanes:
        lane = stranger.choice(lanes)
        lane.pop(0)()
        if not lane:
            lanes.remove(lane)
    to.applied()
    return good


def some_batches(stranger, to):
    """Batches that strangers may speak of: paused, running, of one partition or another."""
    for n in range(9):
        batch, home = uuid.UUID(int=stranger.getrandbits(128), version=4), PARTITIONS[n % 3]
        if n < 6:
            to.write("events", home, str(batch), command(batch, "pause")[2])
        to.write("submissions", home, str(batch), submission(batch, 3, prefix="VICTIM")[2])
        stranger.batches.append(batch)
    to.applied()


def everything_answers(batches):
    assert rows("select * from batchline.verify_batches()") == []
    for path in ["batches/stats", "batches", "batches?sort_by=total_size", "parked", "pipelines"]:
        assert line.call("GET", "/api/" + path)[0] == 200, path
    for batch in batches:
        for path in ("", "/jobs", "/outputs", "/deliveries"):
            assert line.call("GET", f"/api/batches/{batch}{path}")[0] in (200, 404), (batch, path)
    for view in ("batch_overview", "job_overview", "delivery_overview", "customer_totals", "day_totals",
                 "status_totals", "backlog", "failures"):
        rows(f"select * from batchline.{view}")


def deleted(batches):
    """So that nobody waits for their jobs."""
    for batch in batches:
        assert line.call("DELETE", f"/api/batches/{batch}")[0] in (202, 204, 404, 409)


def test_whatever_strangers_write_the_line_goes_on():
    print(f"STRANGERS_SEED={SEED}")
    stranger = Stranger(SEED)
    to, pids = Line(stranger), {s: pid_of(s) for s in SERVICES}
    some_batches(stranger, to)

    for _ in range(ROUNDS):
        good = one_round(stranger, to)
        assert {b: [j["status"] for j in job_rows(b)] for b in good} == {b: OUTCOMES for b in good}
        everything_answers(stranger.batches)
        deleted(good)

    deleted(stranger.batches)
    with stopped("archiver"), archiver(patience_s=0):
        rendered = line.submit([(p.name, p.read_bytes()) for p in PHOTOS[:2]])
        assert line.finished(rendered, archive=True)["status"] == "completed"
    assert {s: pid_of(s) for s in SERVICES} == pids


# ---- what they found ----

NUMBERS_WITHOUT_A_NEXT = {
    "the last attempt": lambda b: failed(b, 0, attempt=2**31 - 1, retryable=True),
    "the last but one": lambda b: failed(b, 0, attempt=2**31 - 2),
    "no attempt": lambda b: started(b, 0, attempt=0),
    "more bytes than there are": lambda b: completed(b, 0, input_size=2**63 - 1),
    "less than none": lambda b: completed(b, 0, input_size=-1),
}


@pytest.mark.parametrize("case", NUMBERS_WITHOUT_A_NEXT)
def test_a_number_that_nothing_can_follow_is_a_dead_letter(case):
    batch = a_batch(1)
    (_, headers), = letters_of("events", str(batch), 1, NUMBERS_WITHOUT_A_NEXT[case](batch))

    assert (headers["dlq_stage"], headers["dlq_code"]) == ("validate", "out_of_range")
    assert [(j["status"], j["attempt"]) for j in job_rows(batch)] == [("queued", 1)]


def test_a_batch_that_was_named_under_another_prefix_takes_nobody_s_name():
    batch, other, customer = uuid.uuid4(), uuid.uuid4(), "N" + uuid.uuid4().hex[:8].upper()
    with psycopg.connect(ADMIN) as db:
        db.execute("insert into batchline_base.batch_names values (%s, %s, '2020-02-02', 1)",
                   [batch, customer])
    for b in (batch, other):
        apply(command(b, "pause"), submission(b, prefix="OTHER" + customer))

    assert batch_row(batch)["base_directory_name"] == customer + "_2020-02-02_batch-1"
    assert batch_row(other)["base_directory_name"].startswith("OTHER" + customer)
    assert batch_row(other)["batch_counter"] == 1


def test_parked_facts_with_headers_of_megabytes_are_applied_in_pieces(unharmed):  # noqa: F811
    """600 of them, each with a megabyte: more than a turn has memory for."""
    batch, home = uuid.uuid4(), PARTITIONS[0]
    producer = Producer({"bootstrap.servers": BROKERS, "message.max.bytes": 16 * 1024 * 1024,
                         "compression.type": "gzip"})
    facts = [started(batch, i) for i in range(600)]
    for topic, key, value in [*facts, submission(batch, 600)]:
        producer.produce(PREFIX + topic, value, key, partition=home,
                         headers=[("big", bytes(1_000_000))] if topic == "events" else None)
        if topic == "submissions" or len(producer) > 50:
            assert producer.flush(60) == 0
    line.until(lambda: batch_row(batch))

    def applied_all():
        return {j["status"] for j in job_rows(batch)} == {"processing"}
    line.until(applied_all)
    deleted([batch])


def test_a_record_that_alone_takes_longer_than_a_statement_may_is_given_up_on():
    """It would stand before the others for ever. Somebody holds the row that it would change."""
    batch, behind = a_batch(1), a_batch(1)

    def limit(seconds):
        with psycopg.connect(ADMIN, autocommit=True) as db:
            db.execute(f"alter role batchline_projector set statement_timeout to '{seconds}s'")
        kill("projector")
    limit(1)
    try:
        with psycopg.connect(ADMIN) as db:
            db.execute("select from batchline.jobs where batch_id = %s for update", [batch])
            (_, headers), = letters_of("events", str(batch), 1, started(batch, 0))
            apply(started(behind, 0))
    finally:
        limit(30)
    assert (headers["dlq_stage"], headers["dlq_code"]) == ("apply", "57014")
    assert [j["status"] for b in (batch, behind) for j in job_rows(b)] == ["queued", "processing"]


def test_outputs_that_are_lost_are_not_waited_for_by_the_clock_of_who_says_so():
    """Two days ahead: so long no other archive was built."""
    assert line.finished(line.submit([(PHOTOS[0].name, PHOTOS[0].read_bytes())]))["jobs_completed"] == 1
    batch = a_batch(1)
    with stopped("archiver"), archiver(patience_s=2):
        (_, headers), = letters_of("batches", str(batch), 1,
                                   completed(batch, 0, occurred_at=now() + 47 * 3600 * 10**6))
        assert headers["dlq_code"] == "outputs_lost"


def test_a_job_for_a_partition_that_there_is_not_holds_up_no_other():
    before, to = pid_of("renderer"), Line(Stranger(SEED))
    for partition in (-5, 12, 2**31 - 1):
        said = {**to.stranger.plausible("JobDispatched", uuid.uuid4()), "partition": partition,
                "pipeline": "{}", "pipeline_id": 1}
        for place in range(12):
            to.write("jobs", place, said["job_id"], events.encode("JobDispatched", said, plain=True))
    to.written()

    rendered = line.submit([(p.name, p.read_bytes()) for p in PHOTOS[:2]])
    assert line.finished(rendered)["status"] == "completed"
    assert pid_of("renderer") == before


def test_a_second_completion_adds_no_outputs_to_those_of_the_first():
    batch = a_batch(1)
    apply(completed(batch, 0))
    topic, key, value = completed(batch, 0)
    apply((topic, key, value.replace(b"\x06web", b"\x06new")))

    found = rows("select view from batchline.outputs where batch_id = %s", batch)
    assert [o["view"] for o in found] == ["web"]


def test_no_transaction_may_stay_open_for_longer_than_a_minute():
    """What stands behind it in its partition is hidden from every reader until it ends."""
    patient = Producer({"bootstrap.servers": BROKERS, "transactional.id": str(uuid.uuid4()),
                        "transaction.timeout.ms": 60_001})
    with pytest.raises(KafkaException, match="timeout"):
        patient.init_transactions(10)
