# SPDX-License-Identifier: Apache-2.0
"""The gateway as a client that knows nothing but docs/openapi.yaml: every answer is held against
what stands there (its status, its media type, every member of its JSON) before a test sees it."""
import base64
import contextlib
import gzip
import http.client
import json
import os
import random
import re
import string
import subprocess
import time
import uuid
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import jsonschema_rs
import yaml

import line  # noqa: F401  (where servers is found)
import servers

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = urlsplit(os.environ["BATCHLINE_URL"])
PHOTOS = sorted((ROOT / "docker/demo/photos").glob("*.jpg"))
FINAL = ("completed", "partial", "failed", "cancelled")
UNTIL = 60

CONTRACT = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())
PATHS = sorted(((re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + "$"), operations)
                for path, operations in CONTRACT["paths"].items()), key=lambda p: p[0].pattern,
               reverse=True)      # "stats" before "any id"


class Answer:
    def __init__(self, response, body):
        self.status, self.headers = response.status, response.headers
        self.body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        self.type = (self.headers.get("Content-Type") or "").split(";")[0]

    def json(self):
        return json.loads(self.body)

    def problem(self):
        """The last part of the problem's type."""
        assert self.type == "application/problem+json", (self.status, self.type, self.body[:200])
        said = self.json()
        assert said["status"] == self.status
        return said["type"].removeprefix("/problems/")

    def fields(self):
        return [e["field"] for e in self.json().get("errors", [])]


def resolved(node):
    while "$ref" in node:
        at = CONTRACT
        for name in node["$ref"].removeprefix("#/").split("/"):
            at = at[name]
        node = at
    return node


def holds(schema, value):
    jsonschema_rs.validate({**schema, "components": CONTRACT["components"]}, value,
                           validate_formats=True)


def hold_against_contract(method, path, answer):
    """What it lists is as it says; what it does not is a page, or no route, or another method."""
    if answer.type == "application/problem+json" and answer.body:
        holds({"$ref": "#/components/schemas/Problem"}, answer.json())
    found = next((o for pattern, o in PATHS if pattern.match(path)), {})
    operation = found.get("get" if method == "HEAD" else method.lower())
    if not operation:
        assert answer.status in (204, 403, 404, 405) or not f"{path}/".startswith("/api/"), path
        return
    said = operation["responses"].get(str(answer.status))
    assert said, f"{method} {path} answered {answer.status}, which the contract does not list"
    said = resolved(said)
    kinds = said.get("content", {})
    if not answer.body:
        assert method == "HEAD" or not kinds, (method, path, answer.status)
        return
    kind = kinds.get(answer.type, kinds.get(answer.type.split("/")[0] + "/*"))
    assert kind is not None, f"{method} {path}: {answer.status} as {answer.type!r}"
    if answer.type.endswith("json"):
        holds(kind["schema"], answer.json())


def ask(method, path, body=None, headers=(), json_body=None, timeout=45):
    headers = dict(headers)
    if json_body is not None:
        body = json.dumps(json_body).encode()
        headers.setdefault("Content-Type", "application/json")
    connection = http.client.HTTPConnection(ADDRESS.hostname, ADDRESS.port, timeout=timeout)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        endless = response.headers.get("Content-Type") == "text/event-stream"
        answer = Answer(response, response.read1() if endless else response.read())
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    hold_against_contract(method, urlsplit(path).path, answer)
    return answer


def get(path, headers=(), **query):
    return ask("GET", path + ("?" + urlencode(query, doseq=True) if query else ""), headers=headers)


def health(path):
    """(status, bytes) of what the gateway says on the port for that."""
    connection = http.client.HTTPConnection("127.0.0.1", servers.health_port("gateway"), timeout=45)
    with contextlib.closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()


def post(path, json_body=None, headers=()):
    return ask("POST", path, headers=headers, json_body=json_body)


def multipart(fields, files):
    """(body, headers); files: (name, bytes), a name may be bytes."""
    boundary, out = uuid.uuid4().hex, bytearray()

    def part(name, value, file_name=None):
        out.extend(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode())
        if file_name is not None:
            raw = file_name if isinstance(file_name, bytes) else file_name.encode()
            out.extend(b'; filename="' + raw + b'"\r\nContent-Type: image/jpeg')
        out.extend(b"\r\n\r\n" + value + b"\r\n")

    for name, value in fields.items():
        part(name, str(value).encode())
    for name, content in files:
        part("files", content, name)
    out.extend(f"--{boundary}--\r\n".encode())
    return bytes(out), {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def upload(path, fields, files, headers=()):
    body, kind = multipart(fields, files)
    return ask("POST", path, body, {**kind, **dict(headers)})


def text(content):
    return base64.b64encode(content).decode()


def customer():
    """A new one, so that a test sees only what is its own."""
    return "G_" + "".join(random.choices(string.ascii_uppercase, k=12))


def submit(n_files=1, **fields):
    """A batch of photographs; the answer's JSON."""
    body = {"pipeline_id": 1, "customer_prefix": customer(), "files": [
        {"file_name": f"photo-{i}.jpg", "file_data": text(PHOTOS[i % len(PHOTOS)].read_bytes())}
        for i in range(n_files)], **fields}
    answer = post("/api/jobs/batch", body)
    assert answer.status == 201, answer.body
    return answer.json()


def until(question, what="it"):
    end = time.monotonic() + UNTIL
    while not (found := question()):
        assert time.monotonic() < end, f"not seen: {question.__doc__ or what}"
        time.sleep(0.05)
    return found


def batch(batch_id):
    return get(f"/api/batches/{batch_id}").json()


def finished(submitted):
    """The batch once it is final, and has its archive where it will have one."""
    def look():
        """the end of a batch"""
        b = batch(submitted["batch_id"])
        built = b["archive"] and b["archive"]["run_no"] == b["run_no"]
        return b if b["status"] in FINAL and (built or not b["jobs_completed"]) else None
    return until(look)


def stack(*words):
    done = subprocess.run([ROOT / "docker/stack", *words], text=True, capture_output=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def log():
    """What the gateway wrote."""
    return stack("logs", "gateway")


@contextlib.contextmanager
def without(service):
    """While one service is down."""
    stack("stop", service)
    try:
        yield
    finally:
        stack("start", service)
