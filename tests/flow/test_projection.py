# SPDX-License-Identifier: Apache-2.0
"""What the projector makes of facts and submissions that are late, early, double, wrong or poison.

The tests are the renderer here: their batches are paused by a command that stands in the log
before the submission, so that no job is ever dispatched, and what is said of a job is said here."""
import os
import re
import time
import uuid
from datetime import datetime, timedelta, timezone

import psycopg
import pytest
from confluent_kafka import Producer
from psycopg.rows import dict_row

import events
import line
from test_events import BROKERS, PREFIX, Topics, a_submission, job_id, name_of

ADMIN = re.sub(r"//\w+@", "//postgres@", os.environ["DATABASE_URL"])
HOUR = 3600 * 1000000
DAY = 24 * HOUR


def rows(query, *args):
    with psycopg.connect(ADMIN, row_factory=dict_row) as db:
        return db.execute(query, args).fetchall()


def now():
    return time.time_ns() // 1000


def produce(*records):
    """Sends (topic, key, value), in one go; where each of them lies: (topic, partition, offset)."""
    producer = Producer({"bootstrap.servers": BROKERS, "linger.ms": 20,
                         "message.max.bytes": 16 * 1024 * 1024})
    places, errors = [], []

    def delivered(error, m):
        errors.append(error) if error else places.append((name_of(m), m.partition(), m.offset()))

    for topic, key, value in records:
        producer.produce(PREFIX + topic, value, key, on_delivery=delivered)
    assert producer.flush(30) == 0 and not errors
    return places


def applied(places):
    """Waits until the projection is behind all of them, and what was parked for them is applied."""
    def behind():
        at = {(r["topic"], r["partition"]): r["next_offset"] for r in rows(
            "select * from batchline_base.consumer_offsets where grp = 'batchline-projector'")}
        return all(at.get((t, p), -1) > offset for t, p, offset in places) and not rows(
            "select from batchline.early_facts join batchline.batches on batch_id = id")
    behind.__doc__ = f"the projection is behind {places}"
    line.until(behind)


def apply(*records):
    applied(produce(*records))


def record(name, batch, **fields):
    """What a service says of a batch, as a record on events."""
    value = {"event_id": uuid.uuid4(), "occurred_at": now(), "batch_id": batch, **fields}
    return "events", str(batch), events.encode(name, value)


def of_job(name, batch, index, attempt=1, **fields):
    return record(name, batch, job_id=job_id(batch, index), run_no=1, attempt=attempt,
                  worker="test_projection", **fields)


def started(batch, index, **fields):
    return of_job("JobStarted", batch, index, **fields)


def completed(batch, index, made="blob:outputs/a/b/1-x/y.jpg", width=10, **fields):
    output = {"view": "web", "name": f"y{index}_web.jpg", "uri": made, "media_type": "image/jpeg",
              "width": width, "height": 10, "size": 100, "sha256": "ab" * 32, "crc32": 7}
    return of_job("JobCompleted", batch, index, outputs=[output], preview_uri=None, duration_ms=5,
                  **fields)


def failed(batch, index, retryable=False, **fields):
    return of_job("JobFailed", batch, index, error_code="bad_image", error_message="it is none",
                  retryable=retryable, duration_ms=5, **fields)


def command(batch, word, *job_ids, priority=None):
    return record("BatchCommanded", batch, command=word, requested_by="test", job_ids=list(job_ids),
                  priority=priority)


def submission(batch, n=1, prefix="FACT", **fields):
    files = [{"file_name": f"{prefix}_{i}.jpg", "source_uri": "blob:sha256/" + "0" * 64}
             for i in range(n)]
    value = a_submission(**{"files": files, "batch_id": batch, **fields})
    return "submissions", str(batch), events.encode("BatchSubmitted", value)


def a_batch(n=1, *said_before):
    """A batch of n jobs that nobody else works on."""
    batch = uuid.uuid4()
    apply(command(batch, "pause"), *(say(batch) for say in said_before))
    apply(submission(batch, n))
    return batch


def batch_row(batch):
    found = rows("select * from batchline.batches where id = %s", batch)
    return found[0] if found else None


def job_rows(batch):
    return rows("select * from batchline.jobs where batch_id = %s order by position", batch)


def everything(batch):
    """All rows of a batch, without what is written down about its announcement."""
    row = {k: v for k, v in batch_row(batch).items() if "announced" not in k}
    return row, job_rows(batch), rows(
        "select * from batchline.outputs where batch_id = %s order by job_id, view", batch)


def letters_of(topic, key, count=1, *records):
    """The dead letters under a key that come of these records: (bytes, headers)."""
    topics = Topics(topic + ".dlq")
    apply(*records)

    def there(found):
        """the dead letters"""
        return sum(m.key() == key.encode() for m in found) >= count

    found = [m for m in topics.read_until(there) if m.key() == key.encode()]
    topics.close()
    return [(m.value(), {k: v.decode() for k, v in m.headers()}) for m in found]


@pytest.fixture(autouse=True)
def counters_are_those_of_the_rows():
    yield
    assert rows("select * from batchline.verify_batches()") == []


# ---- facts that come early ----

def test_facts_before_their_submission_are_applied_as_if_they_had_come_after_it():
    batch = a_batch(3, lambda b: started(b, 0), lambda b: completed(b, 0),
                    lambda b: failed(b, 1), lambda b: started(b, 2))

    row, jobs, outputs = everything(batch)

    assert [j["status"] for j in jobs] == ["completed", "failed", "processing"]
    assert (row["status"], row["jobs_completed"], row["jobs_failed"]) == ("paused", 1, 1)
    assert [o["name"] for o in outputs] == ["y0_web.jpg"]
    assert rows("select * from batchline.early_facts where batch_id = %s", batch) == []


def test_parked_commands_are_obeyed_in_their_order():
    batch = uuid.uuid4()
    apply(command(batch, "cancel"), command(batch, "retry"), command(batch, "pause"))
    apply(submission(batch, 2))

    row = batch_row(batch)
    assert (row["status"], row["control"], row["run_no"]) == ("paused", "pause", 2)
    assert [j["attempt"] for j in job_rows(batch)] == [2, 2]


def test_a_batch_that_is_deleted_before_it_is_submitted_is_never_seen():
    batch, topics = uuid.uuid4(), Topics("jobs", "batches")
    apply(command(batch, "delete"))
    places = produce(submission(batch, 2))
    applied(places)

    def tombstone(records):
        """the tombstone of the deleted batch"""
        return [m for m in records if m.key() == str(batch).encode() and m.value() is None]

    topics.read_until(tombstone)
    assert not [m for m in topics.records if name_of(m) == "jobs" and m.key().decode()
                in [str(job_id(batch, i)) for i in range(2)]]
    topics.close()
    assert batch_row(batch)["deleted_at"] and job_rows(batch) == []
    assert line.call("GET", f"/api/batches/{batch}")[0] == 404


# ---- facts that come twice or late ----

def test_what_comes_twice_or_late_changes_nothing():
    batch = a_batch(3)
    apply(started(batch, 0), completed(batch, 0), failed(batch, 1), started(batch, 2))
    before = everything(batch)

    apply(completed(batch, 0), started(batch, 0), failed(batch, 0), started(batch, 1),
          completed(batch, 0, made="blob:outputs/a/b/1-z/late.jpg"), completed(batch, 1),
          started(batch, 2))

    assert [j["status"] for j in before[1]] == ["completed", "failed", "processing"]
    assert everything(batch) == before


def test_of_the_facts_of_one_turn_the_best_is_kept_whatever_their_order():
    batch = a_batch(2)

    apply(completed(batch, 0), started(batch, 0), failed(batch, 1, attempt=2), started(batch, 1),
          completed(batch, 1), started(batch, 1, attempt=2))

    assert [(j["status"], j["attempt"]) for j in job_rows(batch)] == [
        ("completed", 1), ("failed", 2)]
    assert all(j["started_at"] for j in job_rows(batch))


def test_the_first_of_two_final_words_stays():
    batch = a_batch(2)

    apply(completed(batch, 0, made="blob:outputs/a/b/1-x/first.jpg"), failed(batch, 0),
          completed(batch, 0, made="blob:outputs/a/b/1-x/second.jpg"),
          failed(batch, 1), completed(batch, 1))

    assert [j["status"] for j in job_rows(batch)] == ["completed", "failed"]
    assert [o["uri"] for o in everything(batch)[2]] == ["blob:outputs/a/b/1-x/first.jpg"]


def test_an_earlier_attempt_has_no_say_any_more():
    batch = a_batch(1)
    apply(failed(batch, 0, retryable=True, occurred_at=now() + HOUR))
    before = everything(batch)
    assert [(j["status"], j["attempt"]) for j in before[1]] == [("retry_wait", 2)]

    apply(completed(batch, 0), started(batch, 0), failed(batch, 0, retryable=True))
    assert everything(batch) == before

    apply(completed(batch, 0, attempt=2))
    assert batch_row(batch)["status"] == "completed"


def test_the_third_failure_is_the_last():
    batch = a_batch(1)
    for attempt in (1, 2, 3):
        apply(failed(batch, 0, retryable=True, attempt=attempt, occurred_at=now() + HOUR))

    assert [(j["status"], j["attempt"]) for j in job_rows(batch)] == [("failed", 3)]
    assert batch_row(batch)["status"] == "failed"


def attempts(batch):
    """The attempts of its first job that failed, as the gateway tells them."""
    return [(a["attempt"], a["run_no"], a["error_code"], a["worker"], a["duration_ms"])
            for a in line.get(f"/api/jobs/{job_id(batch, 0)}")["failed_attempts"]]


def test_each_attempt_that_failed_is_kept_once_whatever_else_its_turn_says():
    batch = a_batch(2)
    facts = [fact for attempt in (1, 2) for fact in (
        started(batch, 0, attempt=attempt), failed(batch, 0, retryable=True, attempt=attempt))]
    facts += [started(batch, 0, attempt=3), completed(batch, 0, attempt=3)]
    kept = [(n, 1, "bad_image", "test_projection", 5) for n in (2, 1)]

    apply(*facts, failed(batch, 0, attempt=3))
    assert (line.get(f"/api/jobs/{job_id(batch, 0)}")["status"], attempts(batch)) == ("completed", kept)

    apply(*facts, failed(batch, 0, attempt=2), failed(batch, 0, attempt=7))
    assert attempts(batch) == kept

    apply(command(batch, "delete"))
    assert rows("select from batchline.failed_attempts where batch_id = %s", batch) == []


def test_a_late_word_about_a_deleted_batch_brings_nothing_back():
    batch = a_batch(2)
    apply(started(batch, 0), command(batch, "delete"))
    before = everything(batch)
    assert before[0]["deleted_at"] and before[1] == []

    apply(completed(batch, 0), failed(batch, 1), command(batch, "retry"), command(batch, "resume"),
          submission(batch, 2))

    row = everything(batch)[0]
    assert (row["deleted_at"], row["status"]) == (before[0]["deleted_at"], "cancelled")
    assert everything(batch)[1:] == ([], [])


def test_an_archive_of_another_run_is_ignored():
    batch = a_batch(1, lambda b: completed(b, 0))
    built = {"uri": "blob:archives/x/7.zip", "size": 5, "sha256": "cd" * 32, "entries": 2}
    line.finished(batch, archive=False)
    before = batch_row(batch)["archive_uri"]

    apply(record("ArchiveBuilt", batch, run_no=7, **built))

    assert batch_row(batch)["archive_uri"] in (before, f"blob:archives/{batch}/1.zip")


# ---- submissions ----

def test_a_submission_that_comes_again_changes_nothing():
    batch = uuid.uuid4()
    first, again = (submission(batch, 2, priority=3) for _ in range(2))
    apply(command(batch, "pause"))
    apply(first)
    before = everything(batch)

    apply(again, first, again)

    assert first != again
    assert everything(batch) == before


@pytest.mark.parametrize("change", [
    {"pipeline_id": 2}, {"submitted_by": "somebody else"}, {"customer_prefix": "OTHER"},
    {"render_description": "another"}, {"priority": 9}, {"failures_tolerated": 0}, {"n": 2},
    {"prefix": "NAME"}], ids=lambda change: next(iter(change)))
def test_a_submission_that_differs_is_refused_and_changes_nothing(change):
    batch = a_batch(1)
    before = everything(batch)
    other = submission(batch, **change)

    (value, headers), = letters_of("submissions", str(batch), 1, other)

    assert (value, headers["dlq_code"]) == (other[2], "conflicting_submission")
    assert headers["dlq_stage"] == "validate" and headers["dlq_group"] == "batchline-projector"
    assert everything(batch) == before


def test_of_two_that_differ_in_one_turn_the_first_is_the_batch():
    batch = uuid.uuid4()
    (value, headers), = letters_of("submissions", str(batch), 1, command(batch, "pause"),
                                   submission(batch, 1), submission(batch, 2))

    assert headers["dlq_code"] == "conflicting_submission"
    assert len(events.decode(value)[1]["files"]) == 2
    assert (batch_row(batch)["total_files"], len(job_rows(batch))) == (1, 1)


def a_file(**fields):
    return {"file_name": "GOOD_1.jpg", **fields}


URI = "blob:sha256/" + "0" * 64
REFUSED = {
    "no files": ("no_files", {"files": []}),
    "10,001 files": ("too_many_files", {"n": 10001}),
    "a prefix in small letters": ("bad_prefix", {"customer_prefix": "pl_dxb"}),
    "a prefix of five tokens": ("bad_prefix", {"customer_prefix": "A_B_C_D_E"}),
    "a prefix that leads elsewhere": ("bad_prefix", {"customer_prefix": "../A"}),
    "an empty prefix": ("bad_prefix", {"customer_prefix": ""}),
    "priority 10": ("bad_priority", {"priority": 10}),
    "priority -1": ("bad_priority", {"priority": -1}),
    "a negative tolerance": ("bad_failures_tolerated", {"failures_tolerated": -1}),
    "no such pipeline": ("unknown_pipeline", {"pipeline_id": -7}),
    "a name that leads elsewhere": ("bad_file_name", {"files": [
        a_file(source_uri=URI), {"file_name": "../../etc/passwd", "source_uri": URI}]}),
    "a name of 300 characters": ("bad_file_name", {"files": [
        {"file_name": "n" * 300, "source_uri": URI}]}),
    "no name": ("bad_file_name", {"files": [{"file_name": "", "source_uri": URI}]}),
    "a name of dots": ("bad_file_name", {"files": [{"file_name": "..", "source_uri": URI}]}),
    "a name with a control": ("bad_file_name", {"files": [
        {"file_name": "a\nb.jpg", "source_uri": URI}]}),
    "neither source nor bytes": ("bad_source", {"files": [a_file()]}),
    "both source and bytes": ("bad_source", {"files": [a_file(source_uri=URI, data=b"x")]}),
    "too many bytes inline": ("data_too_large", {"files": [a_file(data=bytes(256 * 1024 + 1))]}),
    "a hash that is none": ("bad_sha256", {"files": [a_file(source_uri=URI, sha256="AB" * 32)]}),
    "a negative size": ("bad_size", {"files": [a_file(source_uri=URI, size=-1)]}),
    "more than 8 MiB": ("record_too_large", {"files": [
        a_file(data=bytes(250 * 1024)) for _ in range(34)]}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_accepted_is_a_failed_batch_without_jobs(case):
    code, fields = REFUSED[case]
    batch = uuid.uuid4()

    apply(submission(batch, **fields))

    row = batch_row(batch)
    assert (row["status"], row["error_code"], row["total_files"]) == ("failed", code, 0)
    assert row["error_message"] and row["completed_at"] and job_rows(batch) == []
    assert re.fullmatch(r"[A-Z0-9_]+_\d{4}-\d\d-\d\d_batch-\d+", row["base_directory_name"])


def test_the_sentence_of_a_refusal_names_the_file():
    batch = uuid.uuid4()
    apply(submission(batch, **REFUSED["a name that leads elsewhere"][1]))

    assert "files[1].file_name" in batch_row(batch)["error_message"]


def test_a_name_that_is_no_utf8_is_a_dead_letter():
    batch = uuid.uuid4()
    topic, key, value = submission(batch, prefix="MARK")
    assert value.count(b"MARK") == 1

    (letter, headers), = letters_of("submissions", key, 1,
                                    (topic, key, value.replace(b"MARK", b"\xff\xfeRK")))

    assert (headers["dlq_code"], headers["dlq_stage"]) == ("bad_record", "decode")
    assert "file_name" in headers["dlq_message"] and b"\xff\xfeRK" in letter
    assert batch_row(batch) is None


def test_a_text_with_a_nul_never_reaches_the_projection():
    batch = uuid.uuid4()
    bad = submission(batch, render_description="before\0behind")

    (letter, headers), = letters_of("submissions", str(batch), 1, bad)

    assert letter == bad[2] and "render_description" in headers["dlq_message"]
    assert batch_row(batch) is None


def test_counters_of_a_customers_day_have_no_gap_whoever_submits_at_once():
    prefix = "CNT" + uuid.uuid4().hex[:8].upper()
    batches = [uuid.uuid4() for _ in range(60)]

    apply(*(command(b, "pause") for b in batches),
          *(submission(b, prefix=prefix, occurred_at=now()) for b in batches))

    found = [batch_row(b) for b in batches]
    days = {row["batch_date"] for row in found}
    assert sorted((row["batch_date"], row["batch_counter"]) for row in found) == sorted(
        (day, n + 1) for day in days for n in range(sum(r["batch_date"] == day for r in found)))
    for row in found:
        assert row["base_directory_name"] == (
            f"{prefix}_{row['batch_date']}_batch-{row['batch_counter']}")


def test_a_time_within_two_days_is_the_senders_and_a_wilder_one_the_brokers():
    within, wild = uuid.uuid4(), uuid.uuid4()
    said = now() - 47 * HOUR
    apply(command(within, "pause"), command(wild, "pause"))
    apply(submission(within, occurred_at=said), submission(wild, occurred_at=now() - 9 * DAY))

    yesterday = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=said)
    assert batch_row(within)["created_at"] == yesterday
    assert batch_row(within)["batch_date"] == yesterday.date()
    assert datetime.now(timezone.utc) - batch_row(wild)["created_at"] < timedelta(hours=1)


# ---- poison ----

def test_what_postgres_refuses_is_found_among_many_and_given_up_on_alone():
    batch = a_batch(200)
    facts = [completed(batch, i, width=0 if i in (77, 140) else 10) for i in range(200)]

    letters = letters_of("events", str(batch), 2, *facts)

    assert [value for value, _ in letters] == [facts[77][2], facts[140][2]]
    assert {(h["dlq_stage"], h["dlq_topic"]) for _, h in letters} == {("apply", "events")}
    row, jobs, outputs = everything(batch)
    assert [j["position"] for j in jobs if j["status"] != "completed"] == [77, 140]
    assert (row["jobs_completed"], len(outputs)) == (198, 198)


def test_bad_records_among_good_ones_cost_these_nothing():
    batches = [uuid.uuid4() for _ in range(40)]
    records = [submission(b) for b in batches]
    records[20] = (*records[20][:2], records[20][2][:-2])
    apply(*(command(b, "pause") for b in batches))

    (value, headers), = letters_of("submissions", str(batches[20]), 1, *records)

    assert (value, headers["dlq_code"]) == (records[20][2], "bad_record")
    assert [batch_row(b) is None for b in batches] == [i == 20 for i in range(40)]


UNKNOWN = "not-a-uuid"
WRONG = {
    "an unknown command": ("unknown_command", lambda b: command(b, "explode")),
    "a retry of what is no job id": ("bad_job_id", lambda b: command(b, "retry", UNKNOWN)),
    "a priority of nothing": ("bad_priority", lambda b: command(b, "priority")),
    "a priority of ten": ("bad_priority", lambda b: command(b, "priority", priority=10)),
    "a record cut short": ("bad_record", lambda b: (*started(b, 0)[:2], started(b, 0)[2][:-1])),
    "no value": ("empty", lambda b: ("events", str(b), None)),
    "a submission": ("wrong_topic", lambda b: ("events", str(b), submission(b)[2])),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_on_events_is_a_dead_letter_and_changes_nothing(case):
    code, make = WRONG[case]
    batch = a_batch(2, lambda b: failed(b, 0))
    before, bad = everything(batch), make(batch)

    (value, headers), = letters_of("events", str(batch), 1, bad)

    assert (value, headers["dlq_code"]) == (bad[2], code)
    assert everything(batch) == before


def test_a_fact_under_the_key_of_another_batch_changes_nothing():
    batch, other = a_batch(1), a_batch(1)
    before = everything(batch)
    topic, _, value = completed(batch, 0)

    apply((topic, str(other), value))

    assert everything(batch) == before


def test_a_fact_that_names_a_job_of_another_batch_changes_neither():
    batch, other = a_batch(1), a_batch(1)
    before = everything(batch), everything(other)
    value = {"event_id": uuid.uuid4(), "occurred_at": now(), "batch_id": batch, "run_no": 1,
             "job_id": job_id(other, 0), "attempt": 1, "worker": "w"}

    apply(("events", str(batch), events.encode("JobStarted", value)))

    assert (everything(batch), everything(other)) == before


def test_a_renderer_s_clock_that_is_ahead_delays_no_retry():
    batch = a_batch(1)

    apply(failed(batch, 0, retryable=True, occurred_at=now() + 40 * 3600 * 10**6))

    job, = job_rows(batch)
    assert job["status"] in ("retry_wait", "queued") and job["attempt"] == 2
    assert not job["next_attempt_at"] or job["next_attempt_at"].timestamp() < time.time() + 60
