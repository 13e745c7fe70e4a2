# SPDX-License-Identifier: Apache-2.0
"""What an order of people is to a renderer: a cancelled batch gives its places back at once."""
import datetime
import io
import os
import subprocess
import time
import unicodedata
import uuid
from pathlib import Path

import psycopg
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from PIL import Image

import events
import line
from renderers import Renderer, commands, pipeline, servers, stack
from test_events import BROKERS, Topics, a_submission, publish
from test_kill import rows

SLEEP_S = "61.0625"             # so long that whoever waits for it is late, and like no other process's
PHOTO = events.ROOT / "docker/demo/photos/PL_DXB_cat-portrait.jpg"
ONE = [{"name": "one", "format": "png"}]


# A log that is long and means harm: colours, one-byte commands, half a character, a bell; and its end.
MOAN = (r"for i in $(seq 2000); do echo line $i; done;"
        r" printf 'red \033[31m bell \007 csi \302\2332J half \303( \000 nul\nthe very end \342\202\254\n' >&2;"
        r" exit 3")


def sleepers():
    """Processes that sleep for us."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:2] == [b"sleep", SLEEP_S.encode()]:
            found.append(int(folder.name))
    return found


def noise():
    """A picture that takes long: every pixel of it is work."""
    out = io.BytesIO()
    Image.effect_noise((4000, 4000), 90).convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


@pytest.fixture(scope="module")
def renderer(tmp_path_factory):
    """One place, so that whoever holds it is in everybody's way."""
    folder = tmp_path_factory.mktemp("renderer")
    stack("stop", "renderer")
    renderer = Renderer(folder, BATCHLINE_COMMANDS=commands(
        folder, sleep=("/bin/sh", ["-c", f"exec sleep {SLEEP_S}"]),
        moan=("/bin/sh", ["-c", MOAN]),
        nap=("/bin/sh", ["-c", "sleep 0.3; cat \"$1\" > \"$2\"", "sh", "{input}", "{output}"])))
    line.until(renderer.is_ready)
    yield renderer
    renderer.stop()
    stack("start", "renderer")


@pytest.fixture(scope="module")
def slow(renderer):
    """Pipelines that are long at it, by what they do."""
    mark = uuid.uuid4().hex[:8]
    blur = {"name": "one", "format": "png", "operations": [{"operation": "median", "size": 31}] * 16}
    return {"program": pipeline(f"sleep {mark}", {"command": "sleep", "views": ONE}),
            "picture": pipeline(f"blur {mark}", {"views": [blur]})}


@pytest.fixture
def topics():
    topics = Topics("events")
    yield topics
    topics.close()


def facts(topics, batch, *wanted):
    """What renderers said of the batch, once the last of it is among it."""
    def said(records):
        values = [events.decode(m.value()) for m in records if m.value()]
        return [(record, value) for record, value in values
                if str(value["batch_id"]) == batch and record in (
                    "JobStarted", "JobFailed", "JobCompleted")]

    def enough(records):
        """the facts of the batch"""
        names = [record for record, _ in said(records)]
        return all(names.count(name) >= wanted.count(name) for name in wanted)

    return said(topics.read_until(enough))


def under_way(batch):
    return line.get(f"/api/batches/{batch}")["jobs_processing"] == 1


def submit_slow(pipeline_id, what, files=3):
    data = noise() if what == "picture" else PHOTO.read_bytes()
    batch = line.submit([(f"SLOW_{n}.jpg", data) for n in range(files)], pipeline=pipeline_id)
    if files > 1:
        line.until(lambda: under_way(batch))
    if what == "program":
        line.until(sleepers)
    return batch


def order(batch, word):
    method, path = ("DELETE", "") if word == "delete" else ("POST", f"/{word}")
    status, _, body = line.call(method, f"/api/batches/{batch}{path}")
    assert status in (200, 202, 204), (status, body)


@pytest.mark.parametrize("what", ["program", "picture"])
@pytest.mark.parametrize("word", ["cancel", "delete"])
def test_the_place_of_a_batch_that_is_no_more_serves_the_next(renderer, slow, topics, what, word):
    dropped = renderer.metric('batchline_jobs_total{result="cancelled"}')
    batch = submit_slow(slow[what], what)

    order(batch, word)
    said = facts(topics, batch, "JobStarted", "JobFailed")
    line.until(lambda: not sleepers())
    after = line.finished(line.submit([("QUICK_a.jpg", PHOTO.read_bytes())]))

    assert after["status"] == "completed"
    assert [record for record, _ in said] == ["JobStarted", "JobFailed"]
    end = said[1][1]
    assert (end["error_code"], end["retryable"]) == ("cancelled", True)
    assert end["duration_ms"] < 50_000, "it was ended, and did not end"
    assert renderer.metric('batchline_jobs_total{result="cancelled"}') == dropped + 3
    if word == "cancel":
        found = line.get(f"/api/batches/{batch}")
        assert (found["status"], found["jobs_cancelled"], found["jobs_failed"]) == ("cancelled", 3, 0)
        assert {job["attempt"] for job in found["jobs"]} == {1}
    else:
        assert line.call("GET", f"/api/batches/{batch}")[0] == 404


def test_a_cancelled_batch_that_is_tried_again_is_worked_on(renderer, slow, topics):
    batch = submit_slow(slow["program"], "program")
    order(batch, "cancel")
    line.until(lambda: not sleepers())

    order(batch, "retry")
    line.until(sleepers)

    said = facts(topics, batch, "JobStarted", "JobFailed", "JobStarted")
    assert [(record, value["run_no"]) for record, value in said] == [
        ("JobStarted", 1), ("JobFailed", 1), ("JobStarted", 2)]
    order(batch, "delete")
    line.until(lambda: not sleepers())


def test_a_start_is_told_while_the_work_goes_on(renderer, slow, topics):
    batch = submit_slow(slow["program"], "program")

    assert [record for record, _ in facts(topics, batch, "JobStarted")] == ["JobStarted"]
    assert sleepers()
    order(batch, "delete")


@pytest.mark.parametrize("what", ["program", "picture"])
def test_a_pipeline_s_deadline_ends_what_takes_longer(renderer, slow, topics, what):
    status, _, body = line.call("GET", f"/api/pipelines/{slow[what]}")
    definition = {**line.json.loads(body)["definition"], "deadline_s": 1}
    made = pipeline(f"late {what} {uuid.uuid4().hex[:8]}", definition)

    batch = submit_slow(made, what, files=1)
    failed = next(value for record, value in facts(topics, batch, "JobFailed")
                  if record == "JobFailed")
    order(batch, "delete")

    assert (failed["error_code"], failed["retryable"]) == ("render_timeout", True)
    assert "1000 ms" in failed["error_message"]
    assert what == "picture" or "it said last: " in failed["error_message"]
    assert not sleepers()


# ---- the end of a command's log ----

def is_harmless(text):
    return not [c for c in text if unicodedata.category(c) == "Cc"] and "\ufffe" not in text


def test_the_end_of_a_command_s_log_is_kept_with_the_attempt_and_shown(renderer, topics):
    moan = pipeline(f"moan {uuid.uuid4().hex[:8]}", {"command": "moan", "views": ONE})
    batch = line.submit([("MOAN_a.jpg", PHOTO.read_bytes())], pipeline=moan)
    found = line.finished(batch)
    job, = found["jobs"]
    facts_ = [v for record, v in facts(topics, batch, "JobFailed") if record == "JobFailed"]
    row, = rows("select error_message from batchline.jobs where id = %s", job["id"])[0]
    asked = line.get(f"/api/jobs/{job['id']}")["error_message"]
    shown = subprocess.run([servers.BIN / "batchline", "show", batch], capture_output=True, text=True,
                           env={**os.environ, "COLUMNS": "2000"}).stdout

    assert (job["status"], job["error_code"]) == ("failed", "command_failed")
    assert facts_[-1]["error_message"] == row == job["error_message"] == asked
    assert "exit code 3" in row and row.endswith("the very end \u20ac"), "the end is what tells"
    assert "line 1999/line 2000/red" in row and "line 1/" not in row and len(row.encode()) < 600
    assert is_harmless(row) and " bell " in row and " half " in row
    assert "the very end" in shown and "\033[31m" not in shown and "\x9b" not in shown


# ---- turns ----

def started(topics, *batches):
    """Whose jobs were started, in order: (when, batch)."""
    said = [events.decode(m.value()) for m in topics.records if m.value()]
    return sorted((value["occurred_at"], str(value["batch_id"])) for record, value in said
                  if record == "JobStarted" and str(value["batch_id"]) in batches)


def waiting(batches):
    return rows("select coalesce(sum(jobs_queued), 0) from batchline.batches where id = any(%s::uuid[])",
                batches)[0][0]


def test_three_jobs_wait_for_none_of_twenty_thousand_of_somebody_else(renderer, topics):
    """And those that wait are the database's business, not the renderer's."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG")
    nap = pipeline(f"nap {uuid.uuid4().hex[:8]}",
                   {"command": "nap", "views": [{"name": "one", "format": "jpeg"}]})
    line.finished(line.submit([("FEW_a.jpg", out.getvalue())] * 3, pipeline=nap))
    few = renderer.rss_kib()

    giants = [publish_giant(nap, out.getvalue()) for _ in range(2)]
    line.until(lambda: waiting(giants) > 19_900)
    line.until(lambda: started_of(topics, giants) >= 5)
    asked = datetime.datetime.now(datetime.timezone.utc)
    small = line.submit([(f"SMALL_{n}.jpg", out.getvalue()) for n in range(3)], pipeline=nap)
    found = line.finished(small)
    many = renderer.rss_kib()
    topics.read_until(lambda records: len(started(topics, small)) == 3)
    still = waiting(giants)
    for giant in giants:
        order(giant, "delete")

    ours = [at for at, _ in started(topics, small)]
    before = [at for at, _ in started(topics, *giants) if asked < at < ours[0]]
    between = [at for at, _ in started(topics, *giants) if ours[0] < at < ours[2]]
    print(f"the first of 3 began after {len(before)} of 20,000, in"
          f" {(ours[0] - asked).total_seconds():.2f} s; the third after {len(between)} more;"
          f" the renderer had {few} KiB with few jobs that wait, {many} KiB with many")
    assert found["status"] == "completed" and still > 19_000
    assert len(before) <= 8, "the window holds 32: it is not waited for"
    assert len(between) <= 6, "they take turns"
    assert many < few + 8 * 1024


def publish_giant(number, data):
    """A batch of 10,000 files which are one."""
    status, _, body = line.call("POST", "/api/blobs", data, {"content-type": "image/jpeg"})
    assert status in (200, 201), (status, body)
    source = line.json.loads(body)["uri"]
    return str(publish(a_submission(
        [{"file_name": f"GIANT_{n}.jpg", "source_uri": source} for n in range(10_000)],
        pipeline_id=number, customer_prefix="GIANT")))


def started_of(topics, batches):
    topics.records += [m for m in topics.consumer.consume(500, 0.2) if not m.error()]
    return len(started(topics, *batches))


# ---- without the topic ----

@pytest.fixture
def prefix():
    """Topics of another line, which has no `batches`."""
    prefix, admin = f"without-{uuid.uuid4().hex[:8]}.", AdminClient({"bootstrap.servers": BROKERS})
    names = [prefix + name for name in ("jobs", "events", "jobs.dlq")]
    for done in admin.create_topics([NewTopic(name, 1, 1) for name in names]).values():
        done.result(30)
    yield prefix
    for done in admin.delete_topics(names).values():
        done.result(30)


def an_order():
    """A JobDispatched that no projector gave, for a picture that is there."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as db:
        definition, = db.execute("select definition::text from batchline_base.pipelines"
                                 " where id = 1").fetchone()
    status, _, body = line.call("POST", "/api/blobs", PHOTO.read_bytes(),
                                {"content-type": "application/octet-stream"})
    assert status in (200, 201), (status, body)
    return {"event_id": uuid.uuid4(), "occurred_at": time.time_ns() // 1000,
            "batch_id": uuid.uuid4(), "job_id": uuid.uuid4(), "partition": 0, "run_no": 1,
            "attempt": 1, "position": 0, "file_name": "a.jpg", "output_stem": "a",
            "source_uri": line.json.loads(body)["uri"], "size": None, "sha256": None,
            "priority": 5, "pipeline_id": 1, "pipeline": definition, "deadline_ms": 60000}


def said_on(topic, n):
    """The first n records of a topic, by their names."""
    consumer = Consumer({"bootstrap.servers": BROKERS, "group.id": topic,
                         "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    said = []

    def enough():
        """the renderer's words"""
        said.extend(events.decode(m.value())[0] for m in consumer.consume(10, 0.5) if not m.error())
        return len(said) >= n

    line.until(enough)
    consumer.close()
    return said


def test_a_renderer_that_cannot_hear_of_batches_works_on(prefix, tmp_path):
    asked, renderer = an_order(), Renderer(tmp_path, BATCHLINE_TOPIC_PREFIX=prefix)
    line.until(lambda: b"cannot follow batches" in renderer.log.read_bytes())

    producer = Producer({"bootstrap.servers": BROKERS})
    producer.produce(prefix + "jobs", events.encode("JobDispatched", asked), str(asked["job_id"]))
    assert producer.flush(30) == 0

    assert said_on(prefix + "events", 2) == ["JobStarted", "JobCompleted"]
    renderer.stop()
    assert renderer.process.returncode == 0
