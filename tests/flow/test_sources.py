# SPDX-License-Identifier: Apache-2.0
"""Pictures that lie elsewhere, fetched by https from a server of the test's own on loopback."""
import contextlib
import hashlib
import json
import os
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import line
import servers
from renderers import Renderer, stack
from test_events import a_submission, publish
from test_renders import PHOTO, failure_of
from test_stack import free_port
from test_webhook import certificate

DATA = PHOTO.read_bytes()
MOST = len(DATA)


class Elsewhere(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, tls):
        super().__init__(("127.0.0.1", 0), Handler)
        self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.asked, self.flaky, self.let_go = [], [503, 429], threading.Event()
        self.held, self.left = threading.Event(), threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path, host="localhost"):
        return f"https://{host}:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", length=True, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def drip(self):
        """A byte now and then, until the other side goes."""
        self.send_response(200)
        self.end_headers()
        self.server.held.set()
        try:
            while not self.server.let_go.wait(0.2):
                self.wfile.write(b"\xff")
        except OSError:
            self.server.left.set()

    def do_GET(self):
        path = self.path.partition("?")[0]
        self.server.asked.append(self.path)
        flaky = path == "/flaky.jpg" and self.server.flaky
        if flaky:
            self.answer(flaky.pop(0))
        elif path in ("/photo.jpg", "/flaky.jpg"):
            self.answer(200, DATA)
        elif path == "/unsaid.jpg":
            self.answer(200, DATA, length=False)
        elif path == "/text":
            self.answer(200, b"no picture at all")
        elif path == "/larger":
            self.answer(200, DATA + b".")
        elif path == "/larger-unsaid":
            self.answer(200, DATA + b"." * 100_000, length=False)
        elif path == "/drip":
            self.drip()
        elif path == "/elsewhere":
            self.answer(302, location=self.server.url("/photo.jpg"))
        elif path.strip("/").isdigit():
            self.answer(int(path.strip("/")))
        else:
            self.answer(404)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sources")


@pytest.fixture(scope="module")
def elsewhere(folder):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate(folder, "localhost"))
    server = Elsewhere(tls)
    yield server
    server.let_go.set()
    server.shutdown()


@pytest.fixture(scope="module")
def nobody():
    """A port where nobody listens."""
    return free_port()


@pytest.fixture(scope="module")
def options(folder, elsewhere, nobody):
    return {"BATCHLINE_SOURCE_HOSTS": f"localhost:{elsewhere.server_port},localhost:{nobody},"
                                      f"127.0.0.1:{elsewhere.server_port},nobody.invalid",
            "BATCHLINE_SOURCE_MAX": str(MOST), "BATCHLINE_ALLOWED_NETWORKS": "127.0.0.0/8,::1/128",
            "BATCHLINE_CA_FILE": str(folder / "localhost.pem")}


@contextlib.contextmanager
def rendering(folder, **more):
    stack("stop", "renderer")
    one = Renderer(folder, **more)
    try:
        line.until(one.is_ready)
        yield one
    finally:
        one.stop()
        stack("start", "renderer")


@pytest.fixture(scope="module")
def renderer(folder, options):
    with rendering(folder, **options) as one:
        yield one


def submitted(*files):
    batch = publish(a_submission(list(files)))
    line.until(lambda: line.call("GET", f"/api/batches/{batch}")[0] == 200)
    return batch


# ---- what is had ----

def test_a_picture_of_a_host_that_is_allowed_is_rendered(renderer, elsewhere):
    stated = {"size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest()}
    sources = [elsewhere.url("/photo.jpg"), elsewhere.url("/photo.jpg?signature=a%2Fb"),
               elsewhere.url("/unsaid.jpg")]
    found = line.finished(submitted(
        {"file_name": "S_0.jpg", "source_uri": sources[0], **stated},
        *({"file_name": f"S_{n}.jpg", "source_uri": s} for n, s in enumerate(sources[1:], 1))))

    assert [(j["status"], j["size"], j["source_uri"]) for j in found["jobs"]] == [
        ("completed", len(DATA), source) for source in sources]
    assert "/photo.jpg?signature=a%2Fb" in elsewhere.asked


def test_a_server_that_is_unwell_is_asked_again(renderer, elsewhere):
    job, = line.finished(submitted(
        {"file_name": "S_a.jpg", "source_uri": elsewhere.url("/flaky.jpg")}))["jobs"]

    assert (job["status"], job["attempt"], elsewhere.flaky) == ("completed", 3, [])


# ---- what is not ----

@pytest.mark.parametrize("path, code, retryable", [
    ("/404", "source_refused", False), ("/401", "source_refused", False),
    ("/204", "source_refused", False), ("/elsewhere", "source_refused", False),
    ("/408", "source_unreachable", True), ("/429", "source_unreachable", True),
    ("/500", "source_unreachable", True), ("/503", "source_unreachable", True),
    ("/larger", "source_too_large", False), ("/larger-unsaid", "source_too_large", False),
    ("/200", "empty_file", False), ("/text", "not_an_image", False)])
def test_an_answer_that_is_no_picture_fails_the_job_and_says_why(renderer, elsewhere, path, code,
                                                                 retryable):
    failed = failure_of(source_uri=elsewhere.url(path), deadline_ms=60_000)

    assert (failed["error_code"], failed["retryable"]) == (code, retryable)
    assert failed["error_message"]


def test_a_redirect_is_not_followed(renderer, elsewhere):
    elsewhere.asked.clear()
    failed = failure_of(source_uri=elsewhere.url("/elsewhere"), deadline_ms=60_000)

    assert "302" in failed["error_message"] and "redirect" in failed["error_message"]
    assert elsewhere.asked == ["/elsewhere"]


def test_a_server_that_drips_is_left_at_the_deadline_of_the_job(renderer, elsewhere):
    failed = failure_of(source_uri=elsewhere.url("/drip?secret"), deadline_ms=1500)

    assert (failed["error_code"], failed["retryable"]) == ("source_unreachable", True)
    assert "secret" not in failed["error_message"]


@pytest.mark.parametrize("stated, code", [
    ({"sha256": "0" * 64}, "sha256_mismatch"), ({"size": 7}, "size_mismatch")])
def test_what_comes_is_what_its_sender_said_or_fails(renderer, elsewhere, stated, code):
    failed = failure_of(source_uri=elsewhere.url("/photo.jpg"), deadline_ms=60_000, **stated)

    assert (failed["error_code"], failed["retryable"]) == (code, False)


def test_a_server_has_to_be_who_its_name_says(renderer, elsewhere):
    failed = failure_of(source_uri=elsewhere.url("/photo.jpg", "127.0.0.1"), deadline_ms=60_000)

    assert (failed["error_code"], failed["retryable"]) == ("source_refused", False)


def test_where_nobody_answers_is_asked_again(renderer, nobody):
    for source in (f"https://localhost:{nobody}/a.jpg", "https://nobody.invalid/a.jpg"):
        failed = failure_of(source_uri=source, deadline_ms=60_000)
        assert (failed["error_code"], failed["retryable"]) == ("source_unreachable", True)


@pytest.mark.parametrize("source", [
    "https://elsewhere.example/a.jpg", "https://localhost/a.jpg", "http://localhost/a.jpg",
    "https://user:pw@localhost:{}/photo.jpg", "https://localhost:{}@elsewhere.example/photo.jpg",
    "https://localhost:{}/photo.jpg#a", "s3://bucket/a.jpg"])
def test_a_host_that_is_not_named_is_not_asked(renderer, elsewhere, source):
    elsewhere.asked.clear()
    failed = failure_of(source_uri=source.format(elsewhere.server_port))

    assert (failed["error_code"], failed["retryable"]) == ("unsupported_source", False)
    assert "pw" not in failed["error_message"] and not elsewhere.asked


def test_a_cancel_reaches_a_picture_that_is_on_its_way(renderer, elsewhere):
    elsewhere.held.clear()
    elsewhere.left.clear()
    batch = submitted({"file_name": "S_a.jpg", "source_uri": elsewhere.url("/drip")})
    assert elsewhere.held.wait(60)
    line.call("POST", f"/api/batches/{batch}/cancel")

    assert elsewhere.left.wait(60)
    line.until(lambda: renderer.metric('batchline_jobs_total{result="cancelled"}') == 1)
    assert line.get(f"/api/batches/{batch}")["status"] == "cancelled"


@pytest.fixture(scope="module")
def gateway(folder, elsewhere):
    """Where pictures of that host may be submitted."""
    port = free_port()
    env = {**os.environ, **servers.service_environment("gateway"),
           "BATCHLINE_LISTEN": f"127.0.0.1:{port}", "BATCHLINE_HEALTH_LISTEN": "",
           "BATCHLINE_SOURCE_HOSTS": f"localhost:{elsewhere.server_port}"}
    with open(folder / "gateway.log", "wb") as log:
        process = subprocess.Popen([servers.service_program("gateway")], env=env, stderr=log)
    line.until(lambda: servers.answers(port) or None)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(60)


def submit(gateway, *sources):
    files = [{"file_name": f"S_{n}.jpg", "source_uri": source} for n, source in enumerate(sources)]
    request = urllib.request.Request(
        gateway + "/api/jobs/batch", json.dumps({"pipeline_id": 1, "files": files}).encode(),
        {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as e:
        with e:
            return e.code, json.load(e)


def test_an_address_that_is_submitted_is_rendered(renderer, elsewhere, gateway):
    status, answer = submit(gateway, elsewhere.url("/photo.jpg"), elsewhere.url("/404"))
    there, gone = line.finished(answer["batch_id"])["jobs"]

    assert status == 201
    assert (there["status"], there["size"]) == ("completed", len(DATA))
    assert (gone["status"], gone["error_code"], gone["attempt"]) == ("failed", "source_refused", 1)


def test_an_address_that_no_renderer_would_ask_is_named_by_its_place(elsewhere, gateway):
    well, port = elsewhere.url("/photo.jpg"), elsewhere.server_port
    wrong = {"https://localhost/a.jpg": "BATCHLINE_SOURCE_HOSTS", "https://elsewhere.example/a": "not allowed",
             f"https://user:pw@localhost:{port}/a": "user", well + "#a": "fragment", well + "?é": "%XX",
             well + "?" + "a" * 2048: "2048", "https://": "no host", "http://localhost/": "https://"}
    status, answer = submit(gateway, well, *wrong)

    assert status == 400
    assert [e["field"] for e in answer["errors"]] == [
        f"files[{n}].source_uri" for n in range(1, len(wrong) + 1)]
    for error, word in zip(answer["errors"], wrong.values()):
        assert word in error["detail"] and "pw" not in error["detail"]


def test_a_stop_does_not_wait_for_a_server_that_drips(folder, elsewhere, options, renderer):
    renderer.stop()
    with rendering(folder, **options) as one:
        elsewhere.held.clear()
        elsewhere.left.clear()
        publish(a_submission([{"file_name": "S_a.jpg", "source_uri": elsewhere.url("/drip")}]))
        assert elsewhere.held.wait(60)
        one.stop()
        assert one.process.returncode == 0 and elsewhere.left.wait(60)


# ---- without leave ----

def test_a_name_that_leads_to_an_address_of_no_allowed_network_is_refused(folder, elsewhere, options,
                                                                          renderer):
    renderer.stop()
    elsewhere.asked.clear()
    with rendering(folder, **{**options, "BATCHLINE_ALLOWED_NETWORKS": ""}):
        failed = failure_of(source_uri=elsewhere.url("/photo.jpg"), deadline_ms=60_000)

    assert (failed["error_code"], failed["retryable"]) == ("source_refused", False)
    assert "may not be called" in failed["error_message"] and not elsewhere.asked
