# SPDX-License-Identifier: Apache-2.0
"""The line by its HTTP, for the tests: requests in, JSON out, and waiting with an end."""
import base64
import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docker"))
import servers  # noqa: E402

URL = os.environ["BATCHLINE_URL"]


def call(method, path, body=None, headers=None):
    """(status, headers, bytes) of a request; body: bytes, or what becomes JSON."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("content-type", "application/json")
    request = urllib.request.Request(URL + path, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.headers, e.read()


def get(path):
    status, _, body = call("GET", path)
    assert status == 200, (path, status, body)
    return json.loads(body)


def text(data):
    return base64.b64encode(data).decode()


def submit(files, pipeline=1, **more):
    """A batch of (name, bytes); its id."""
    files = [{"file_name": name, "file_data": text(data)} for name, data in files]
    status, _, body = call("POST", "/api/jobs/batch",
                           {"pipeline_id": pipeline, "files": files, **more})
    assert status in (201, 202), (status, body)
    return json.loads(body)["batch_id"]


def until(question, seconds=90):
    """What the question answers, once that is true."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < end, f"did not come true: {question.__doc__ or question}"
        time.sleep(0.1)
    return answer


def finished(batch, seconds=90, archive=False):
    """The batch with its jobs, once its work is over (and its archive built)."""
    def question():
        found = get(f"/api/batches/{batch}")
        over = found["completed_at"] and (found["archive"] or not archive)
        return found if over else None
    question.__doc__ = f"batch {batch} is finished"
    return until(question, seconds)


def readiness(service):
    """What a service of the stack says of itself."""
    url = f"http://127.0.0.1:{servers.health_port(service)}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as e:
        with e:
            return e.read().decode()
