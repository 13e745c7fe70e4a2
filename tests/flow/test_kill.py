# SPDX-License-Identifier: Apache-2.0
"""kill -9 of every service while a batch of 500 pictures is under way: nothing missing, nothing
double, and nobody has to do anything about it."""
import hashlib
import io
import json
import os
import signal
import zipfile
from pathlib import Path

import psycopg
import pytest
from PIL import Image

import events
import line
from test_events import Topics, name_of
from test_projection import a_batch, applied, failed, produce

N = 500
STATE = Path(os.environ.get("STACK_DIR", events.ROOT / ".stack")) / "run/state.json"


def pid_of(service):
    return {p["name"]: p["pid"] for p in json.loads(STATE.read_text())["processes"]}[service]


def kill(service):
    """kill -9, and back once another process has its name."""
    was = pid_of(service)
    os.kill(was, signal.SIGKILL)
    line.until(lambda: pid_of(service) not in (was, None))


def picture(n):
    """All different, so that no two have the same blob."""
    out = io.BytesIO()
    Image.new("RGB", (160 + n % 40, 120), (n % 256, n // 256 * 90, 77)).save(out, "JPEG")
    return out.getvalue()


def rows(query, *args):
    with psycopg.connect(os.environ["DATABASE_URL"]) as db:
        return db.execute(query, args).fetchall()


def progress(batch):
    return line.get(f"/api/batches/{batch}")["jobs_completed"]


class Story:
    pass


@pytest.fixture(scope="module")
def story():
    s = Story()
    s.topics = Topics("events", "jobs", "batches")
    s.batch = line.submit([(f"KILL_{n:03}.jpg", picture(n)) for n in range(N)])
    for at, service in ((20, "projector"), (120, "renderer"), (220, "gateway"),
                        (300, "projector"), (400, "renderer")):
        line.until(lambda: line.call("GET", "/healthz")[0] and progress(s.batch) >= at)
        kill(service)
        if service == "gateway":
            line.until(gateway_is_back)
    line.until(lambda: line.get(f"/api/batches/{s.batch}")["completed_at"], 300)
    kill("archiver")
    s.last = line.finished(s.batch, archive=True)
    yield s
    s.topics.close()


def gateway_is_back():
    try:
        return line.readiness("gateway") == "ready\n"
    except OSError:
        return False


def test_the_batch_is_complete(story):
    assert (story.last["status"], story.last["jobs_completed"], story.last["total_files"]) == (
        "completed", N, N)


def test_every_job_has_its_output_once(story):
    assert rows("select count(*), count(distinct job_id), count(distinct name)"
                " from batchline.outputs where batch_id = %s", story.batch) == [(N, N, N)]


def test_the_counters_are_those_of_the_rows(story):
    assert rows("select * from batchline.verify_batches()") == []


def test_the_archive_holds_every_picture_once(story):
    status, headers, body = line.call("GET", f"/api/batches/{story.batch}/download")
    archive = zipfile.ZipFile(io.BytesIO(body))
    pictures = [n for n in archive.namelist() if n.endswith(".jpg")]

    assert status == 200 and archive.testzip() is None
    assert len(pictures) == len(set(pictures)) == N
    assert hashlib.sha256(body).hexdigest() == story.last["archive"]["sha256"]


def test_what_was_said_twice_was_said_with_the_same_id_and_the_same_bytes(story):
    def last(records):
        """the archive's state"""
        return [m for m in records if name_of(m) == "batches" and m.value()
                and m.key().decode() == story.batch and events.decode(m.value())[1]["archive"]]

    story.topics.read_until(last)
    said = {}
    for m in story.topics.records:
        record, value = events.decode(m.value()) if m.value() else (None, {})
        if record in ("JobDispatched", "BatchChanged") and str(value["batch_id"]) == story.batch:
            said.setdefault(value["event_id"], set()).add(m.value())

    assert len(said) > N
    assert all(len(bytes_) == 1 for bytes_ in said.values())


def test_every_job_was_attempted_once(story):
    """A dead renderer's jobs are handed out again as the same attempt."""
    assert {j["attempt"] for j in story.last["jobs"]} == {1}


def test_a_killed_projector_keeps_each_attempt_that_failed_once():
    batch = a_batch(N)
    said = [failed(batch, n, retryable=True) for n in range(N)]

    places = produce(*said)
    kill("projector")
    applied(places + produce(*said))

    assert rows("select count(*), count(distinct job_id) from batchline.failed_attempts where batch_id = %s",
                batch) == [(N, N)]
    assert rows("select * from batchline.verify_batches()") == []
