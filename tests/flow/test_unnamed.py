# SPDX-License-Identifier: Apache-2.0
"""Inputs that nothing names go after a day, and none that a submission under way names."""
import hashlib
import os
import time
import uuid
from pathlib import Path

import pytest

import line
from test_archive import STORE, photos, stack, stopped
from test_events import a_submission, publish

LOG = Path(os.environ.get("STACK_DIR", ".stack")) / "log/janitor.log"
PHOTO = photos(1)[0][1]


def put(data):
    """The file of these bytes in the store, put by nobody's submission."""
    status, _, _ = line.call("POST", "/api/blobs", data)
    assert status == 201
    return STORE / "sha256" / hashlib.sha256(data).hexdigest()


def a_picture():
    return PHOTO + uuid.uuid4().bytes


def make_old(path):
    yesterday = time.time() - 90_000
    os.utime(path, (yesterday, yesterday))
    return path


def source(path):
    return f"blob:sha256/{path.name}"


def submit(path, **more):
    return line.call("POST", "/api/jobs", {"pipeline_id": 1, "file_name": "UNNAMED_a.jpg",
                                           "source_uri": source(path)}, **more)


def sweep():
    """A sweep of the janitor, told by an old input that nothing names."""
    decoy = make_old(put(uuid.uuid4().bytes))
    stack("restart", "janitor")
    line.until(lambda: not decoy.exists())


def test_what_was_put_and_never_submitted_goes_after_a_day_and_a_submission_of_it_says_so():
    old, fresh = make_old(put(a_picture())), put(a_picture())
    sweep()

    assert not old.exists() and fresh.exists()
    status, _, body = submit(old)
    assert status == 400 and b"is not in the store" in body
    assert submit(fresh)[0] == 201


def test_what_a_job_names_stays_until_its_batch_is_deleted():
    named = put(a_picture())
    batch = line.json.loads(submit(named)[2])["batch_id"]
    line.finished(batch, archive=True)
    make_old(named)
    sweep()
    assert named.exists()

    assert line.call("DELETE", f"/api/batches/{batch}")[0] in (202, 204)
    line.until(lambda: line.call("GET", f"/api/batches/{batch}")[0] == 404)
    sweep()
    assert not named.exists()


def test_what_a_pipeline_names_stays():
    asset = put(a_picture())
    operations = [{"operation": "pad", "width": 100, "height": 100},
                  {"operation": "composite", "asset": asset.name}]
    status, _, body = line.call("POST", "/api/pipelines", {
        "name": f"u-{uuid.uuid4().hex[:12]}",
        "definition": {"views": [{"name": "a", "format": "jpeg", "operations": operations}]}})
    assert status == 201, body
    made = line.json.loads(body)["id"]
    assert line.call("PATCH", f"/api/pipelines/{made}", {"enabled": False})[0] == 200
    make_old(asset)
    sweep()

    assert asset.exists()


@pytest.mark.parametrize("by", ["name", "bytes"])
def test_naming_an_old_input_or_putting_it_again_makes_it_young(by):
    data = a_picture()
    path = make_old(put(data))
    if by == "bytes":
        put(data)
    else:
        assert submit(path)[0] == 201

    assert path.stat().st_mtime > time.time() - 3600


def test_nothing_goes_while_a_submission_is_not_taken_yet():
    """Put, published, and a day over before the projector comes to it."""
    path = make_old(put(a_picture()))
    with stopped("projector"):
        batch = publish(a_submission([{"file_name": "UNNAMED_b.jpg", "source_uri": source(path)}]))
        said = LOG.read_bytes().count(b"still to be taken")
        stack("restart", "janitor")
        line.until(lambda: LOG.read_bytes().count(b"still to be taken") > said)
        assert path.exists()
    line.until(lambda: line.call("GET", f"/api/batches/{batch}")[0] == 200)
    sweep()

    assert line.finished(batch)["status"] == "completed" and path.exists()
