# SPDX-License-Identifier: Apache-2.0
"""Finished batches at a webhook, as the receiver sees them: a server of the test's own on loopback,
which checks signatures by the library that the makers of Standard Webhooks publish, and counts."""
import base64
import contextlib
import json
import os
import re
import ssl
import subprocess
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
import pytest
from confluent_kafka.admin import AdminClient
from standardwebhooks import Webhook

import events
import line
from test_archive import caught_up, delete, photos, stopped
from test_events import BROKERS, Topics, name_of
from test_stack import free_port

ADMIN = re.sub(r"//\w+@", "//postgres@", os.environ["DATABASE_URL"])
OLD, NEW = ("whsec_" + base64.b64encode(bytes([n] * 32)).decode() for n in (1, 2))


def sql(text, *values):
    with psycopg.connect(ADMIN) as db:
        found = db.execute("set search_path to batchline, batchline_base").execute(text, values)
        return found.fetchall() if found.description else None


# ---- the receiver ----

class Receiver(ThreadingHTTPServer):
    """What comes to each path, in order; `answers` says what the next ones get, then 204."""

    daemon_threads = True

    def __init__(self, tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.seen, self.answers, self.let_go = [], {}, threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def at(self, path):
        return [call for call in self.seen if call.path == path]


class Call:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body, self.at = path, headers, body, time.time()
        self.id, self.event = headers["webhook-id"], json.loads(body)
        self.type, self.batch = self.event["type"], self.event["data"].get("id")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        plan = self.server.answers.get(self.path) or []
        what = plan.pop(0) if plan else (204, {}, b"")
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append(Call(self.path, headers, body))
        if what == "hold":
            self.server.let_go.wait(60)
            what = (204, {}, b"")
        if what == "drip":
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                while not self.server.let_go.wait(0.2):
                    self.wfile.write(b".")
            return
        if what == "cut":
            self.close_connection = True
            return
        status, headers, text = what
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("content-length", str(len(text)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(text)


@pytest.fixture(scope="module")
def receiver():
    server = Receiver()
    yield server
    server.let_go.set()
    server.shutdown()


# ---- the service, hurried ----

def program(name):
    return events.ROOT / os.environ.get("STACK_BIN", "build/bin") / f"batchline-{name}"


class Door:
    """One of the services that deliver, hurried; it may call loopback."""

    def __init__(self, name, secrets, **options):
        self.name, self.program = name, program(name)
        self.env = {**os.environ, "BATCHLINE_INSTANCE": f"{name}-1",
                    "DATABASE_URL": re.sub(r"//\w+@", f"//batchline_{name}@", ADMIN),
                    "BATCHLINE_SECRETS": str(secrets), "BATCHLINE_ALLOWED_NETWORKS": "127.0.0.0/8",
                    "BATCHLINE_CALL_S": "2", "BATCHLINE_RETRY_S": "1", **options}
        self.process = None

    def start(self):
        self.process = subprocess.Popen([self.program], env=self.env)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(40) == 0

    def kill(self):
        self.process.kill()
        self.process.wait()

    def forget_offsets(self):
        admin = AdminClient({"bootstrap.servers": BROKERS})

        def forgotten():
            """the group has no offsets"""
            try:
                for future in admin.delete_consumer_groups([f"batchline-{self.name}"]).values():
                    future.result()
            except Exception:       # it still has its static member for a moment
                return False
            return True
        line.until(forgotten)


class Service(Door):
    def __init__(self, secrets, **options):
        super().__init__("webhook", secrets, **options)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secrets")
    write_secret(folder, "key", OLD)
    return folder


def write_secret(folder, name, text):
    path = folder / name
    path.write_text(text)
    path.chmod(0o600)


@pytest.fixture(scope="module")
def service(secrets):
    with stopped("webhook"):
        service = Service(secrets)
        service.start()
        yield service
        if service.process.poll() is None:
            service.stop()


# ---- targets ----

class Target:
    def __init__(self, receiver, states, customers, url):
        self.name = f"t-{uuid.uuid4().hex[:12]}"
        self.path, self.receiver = f"/{self.name}", receiver
        self.url = url or f"http://127.0.0.1:{receiver.server_port}{self.path}"
        sql("insert into targets (service, name, states, customers, settings)"
            " values ('webhook', %s, %s, %s, %s)", self.name, states, customers,
            json.dumps({"url": self.url, "secret": "key"}))

    def answers(self, *what):
        self.receiver.answers[self.path] = list(what)

    def set(self, what):
        sql(f"update targets set {what} where name = %s", self.name)

    def seen(self):
        return self.receiver.at(self.path)

    def wait_seen(self, n):
        def question():
            return self.seen() if len(self.seen()) >= n else None
        question.__doc__ = f"{self.name} was called {n} times"
        return line.until(question)

    def ledger(self, batch, column="phase"):
        return [row[0] for row in sql(f"select {column} from delivery_states where target = %s"
                                      " and batch_id = %s order by created_at", self.name, batch)]

    def wait_phase(self, batch, phase):
        def question():
            return self.ledger(batch)[-1:] == [phase]
        question.__doc__ = f"the delivery to {self.name} is {phase}"
        return line.until(question)

    def attention(self):
        return sql("select attention, enabled from targets where name = %s", self.name)[0]

    def wait_attention(self):
        def question():
            return self.attention()[0]
        question.__doc__ = f"{self.name} needs attention"
        return line.until(question)


@pytest.fixture
def target(receiver, service):
    made = []

    def make(states=("completed", "partial", "failed"), customers=None, url=None):
        made.append(Target(receiver, list(states), customers, url))
        return made[-1]
    yield make
    for one in made:
        sql("delete from targets where name = %s", one.name)


def finished_batch(**more):
    batch = line.submit(photos(1), **more)
    line.finished(batch)
    return batch


def outcomes(batch):
    """What the projection says, once the ledger's events are folded."""
    return sql("select target, status, attempts, error_code, external_id from deliveries"
               " where batch_id = %s order by target", batch)


# ---- the claims ----

def test_a_finished_batch_comes_once_signed_as_the_standard_says(target):
    hook = target()
    batch = finished_batch()
    hook.wait_phase(batch, "done")
    line.until(lambda: outcomes(batch))
    call, = hook.seen()

    assert Webhook(OLD).verify(call.body, call.headers) == call.event
    assert (call.type, call.batch) == ("batch.completed", batch)
    assert call.headers["content-type"] == "application/json"
    assert outcomes(batch) == [(f"{hook.name}/completed", "succeeded", 1, None, call.id)]


def test_the_api_tells_what_became_of_each_delivery(target):
    well, ill = target(), target()
    ill.answers((403, {}, b"no"))
    batch = finished_batch()
    well.wait_phase(batch, "done")
    ill.wait_attention()
    rows = {row["target"]: row for row in line.get(f"/api/batches/{batch}/deliveries")["data"]}

    assert set(rows) == {well.name, ill.name}
    assert rows[well.name] | {"created_at": "", "settled_at": ""} == {
        "id": well.seen()[0].id, "service": "webhook", "target": well.name, "batch_id": batch,
        "base_directory_name": line.get(f"/api/batches/{batch}")["base_directory_name"], "run_no": 1,
        "state": "completed", "phase": "done", "attempts": 1, "next_try_at": None,
        "attention": None, "external_id": well.seen()[0].id, "link": None, "error_code": None,
        "error_message": None, "created_at": "", "settled_at": "", "no_replay": None,
        "no_skip": "it is delivered"}
    assert (rows[ill.name]["phase"], rows[ill.name]["attention"]) == (
        "intent", "http_403: answered 403: no")
    assert line.call("GET", f"/api/batches/{uuid.uuid4()}/deliveries")[0] == 404


def test_its_body_is_the_batch_as_the_api_shows_it(target):
    with stopped("archiver"):
        hook = target()
        batch = finished_batch(batch_description="Ünïcode – 写真")
        hook.wait_phase(batch, "done")
        shown = line.get(f"/api/batches/{batch}")
    data = hook.seen()[0].event["data"]
    for name in ("jobs", "jobs_next_cursor"):
        del shown[name]

    assert list(data) == list(shown)
    assert {k for k in data if data[k] != shown[k]} <= {"revision", "updated_at"}
    assert hook.seen()[0].event["timestamp"] == shown["completed_at"]


def test_while_a_secret_rotates_both_keys_verify(target, secrets):
    write_secret(secrets, "key", f"{NEW}\n{OLD}\n")
    try:
        hook = target()
        finished_batch()
        call, = hook.wait_seen(1)
    finally:
        write_secret(secrets, "key", OLD)

    assert Webhook(OLD).verify(call.body, call.headers) == call.event
    assert Webhook(NEW).verify(call.body, call.headers) == call.event


def test_states_come_in_order_and_each_once(target):
    hook = target(("queued", "processing", "completed"))
    batch = finished_batch()
    hook.wait_phase(batch, "done")
    order = ["batch.queued", "batch.processing", "batch.completed"]
    places = [order.index(call.type) for call in hook.seen()]

    assert places == sorted(set(places)) and places[-1] == 2
    assert len({call.id for call in hook.seen()}) == len(places)


def test_a_target_that_lags_gets_the_newest_state_alone(target):
    hook = target(("queued", "processing", "completed"))
    hook.set("enabled = false")
    batch = finished_batch()
    line.until(lambda: "completed" in hook.ledger(batch, "state"))
    hook.set("enabled = true")
    hook.wait_phase(batch, "done")

    assert [call.type for call in hook.seen()] == ["batch.completed"]


def test_customers_and_states_that_a_target_did_not_ask_for_stay_away(target):
    other, failures, all_of_it = target(customers=["NOBODY"]), target(["failed"]), target()
    batch = finished_batch()
    all_of_it.wait_phase(batch, "done")

    assert other.ledger(batch) == failures.ledger(batch) == []
    assert not other.seen() and not failures.seen()


def test_after_a_5xx_the_same_delivery_comes_again_under_its_id(target):
    hook = target()
    hook.answers((500, {}, b"out of order"), (502, {}, b""))
    batch = finished_batch()
    hook.wait_phase(batch, "done")
    line.until(lambda: outcomes(batch))

    assert len(hook.seen()) == 3 and len({call.id for call in hook.seen()}) == 1
    assert all(Webhook(OLD).verify(c.body, c.headers) for c in hook.seen())
    assert outcomes(batch)[0][1:3] == ("succeeded", 3)


def test_what_the_other_side_said_is_kept_for_who_debugs(target):
    hook = target()
    hook.answers(*[(500, {}, b"the disk\n is full" + b"!" * 100000)] * 9)
    batch = finished_batch()
    line.until(lambda: hook.ledger(batch, "error_code") == ["http_500"])
    said = hook.ledger(batch, "error_message")[0]

    assert said.startswith("answered 500: the disk  is full!") and len(said) < 600


def test_a_retry_after_holds_every_call_of_the_target(target):
    hook = target()
    hook.answers((429, {"Retry-After": "4"}, b""))
    first = finished_batch()
    hook.wait_seen(1)
    line.until(lambda: sql("select held_until from targets where name = %s", hook.name)[0][0])
    second = finished_batch()
    hook.wait_phase(first, "done")
    hook.wait_phase(second, "done")

    assert len(hook.seen()) == 3
    assert all(call.at - hook.seen()[0].at > 3.5 for call in hook.seen()[1:])


def test_a_410_disables_the_target_and_the_delivery_has_failed(target):
    hook = target()
    hook.answers((410, {}, b"moved away"))
    batch = finished_batch()
    hook.wait_phase(batch, "failed")
    line.until(lambda: outcomes(batch))
    finished_batch()
    line.until(lambda: caught_up("webhook"))

    assert hook.attention() == ("http_410: answered 410: moved away", False)
    assert outcomes(batch)[0][1:4] == ("failed", 1, "http_410")
    assert len(hook.seen()) == 1


def test_a_401_waits_for_a_person_and_burns_no_attempt(target):
    hook = target()
    hook.answers((401, {}, b"who are you"))
    batch = finished_batch()
    assert hook.wait_attention() == "http_401: answered 401: who are you"
    assert hook.ledger(batch) == ["intent"]
    hook.set("attention = null")
    hook.wait_phase(batch, "done")

    assert len(hook.seen()) == 2 and hook.ledger(batch, "attempts") == [1]


def test_a_redirect_is_not_followed(target):
    hook, elsewhere = target(), target(["failed"])
    hook.answers((302, {"Location": elsewhere.url}, b""))
    batch = finished_batch()
    hook.wait_phase(batch, "done")

    assert len(hook.seen()) == 2 and not elsewhere.seen()


def test_who_never_answers_delays_nobody_else(target, receiver):
    silent, well = target(), target()
    silent.answers(*["hold"] * 50)
    batches = []
    for _ in range(4):              # each after the other: two at once come in any order
        batches.append(finished_batch())
        well.wait_phase(batches[-1], "done")
    assert [call.batch for call in well.seen()] == batches
    line.until(lambda: silent.ledger(batches[0], "error_code") == ["timeout"])
    silent.answers()
    for batch in batches:
        silent.wait_phase(batch, "done")

    assert len({call.id for call in silent.seen()}) == 4


def test_who_says_yes_and_goes_on_talking_for_ever_has_said_yes(target):
    hook = target()
    hook.answers("drip")
    batch = finished_batch()
    hook.wait_phase(batch, "done")

    assert len(hook.seen()) == 1


def test_an_answer_cut_off_after_the_last_byte_leads_to_one_id(target):
    hook = target()
    hook.answers("cut", "cut", "cut")
    batch = finished_batch()
    hook.wait_phase(batch, "done")

    assert len(hook.seen()) >= 2 and len({call.id for call in hook.seen()}) == 1


def test_what_is_not_delivered_in_time_has_failed_and_is_told(target, service):
    service.stop()
    impatient = Service(service.env["BATCHLINE_SECRETS"], BATCHLINE_GIVE_UP_S="1")
    impatient.start()
    try:
        hook = target()
        hook.answers(*[(500, {}, b"never")] * 50)
        batch = finished_batch()
        hook.wait_phase(batch, "failed")
        line.until(lambda: outcomes(batch))
        assert outcomes(batch)[0][1] == "failed" and outcomes(batch)[0][3] == "http_500"
    finally:
        impatient.stop()
        service.start()
    hook.answers()
    sql("update delivery_ledger l set phase = 'intent', settled_at = null, told = false,"
        " created_at = now(), next_try_at = now() from targets t"
        " where t.id = l.target_id and t.name = %s and l.phase = 'failed'", hook.name)
    hook.wait_phase(batch, "done")
    line.until(lambda: outcomes(batch)[0][1] == "succeeded")


def test_a_service_killed_before_the_call_makes_it_once(target, service):
    hook = target()
    hook.set("enabled = false")
    batch = finished_batch()
    line.until(lambda: hook.ledger(batch) == ["intent"])
    service.kill()
    hook.set("enabled = true")
    service.start()
    hook.wait_phase(batch, "done")

    assert len(hook.seen()) == 1


def test_a_service_killed_in_a_call_makes_it_again_under_its_id(target, service):
    hook = target()
    hook.answers("hold")
    batch = finished_batch()
    hook.wait_seen(1)
    service.kill()
    assert hook.ledger(batch) == ["called"]
    service.start()
    hook.wait_phase(batch, "done")

    assert len(hook.seen()) == 2 and len({call.id for call in hook.seen()}) == 1


def test_two_services_share_the_work_and_one_that_is_killed_loses_none(target, service):
    hook = target()
    second = Service(service.env["BATCHLINE_SECRETS"], BATCHLINE_INSTANCE="webhook-2")
    second.start()
    batches = [line.submit(photos(1)) for _ in range(12)]
    hook.wait_seen(1)
    second.kill()
    for batch in batches:
        hook.wait_phase(batch, "done")

    assert {call.batch for call in hook.seen()} == set(batches)
    assert len({call.id for call in hook.seen()}) == 12


def test_an_outcome_told_twice_is_one_event(target):
    """As after a kill between the event and the ledger's word that it was told."""
    topics = Topics("events")
    hook = target()
    batch = finished_batch()

    def told(n):
        def question(records):
            """its DeliverySucceeded"""
            found = [m for m in records if name_of(m) == "events" and m.key().decode() == batch
                     and events.decode(m.value())[0] == "DeliverySucceeded"]
            return found if len(found) >= n else None
        return question

    topics.read_until(told(1))
    line.until(lambda: sql("select told from delivery_ledger where batch_id = %s", batch) == [(True,)])
    sql("update delivery_ledger set told = false where batch_id = %s", batch)
    both = told(2)(topics.read_until(told(2)))
    topics.close()

    assert both[0].value() == both[1].value()
    assert len(hook.seen()) == 1 and len(outcomes(batch)) == 1


def test_a_replay_of_the_topic_by_a_fresh_group_makes_no_call(target, service, receiver):
    hook = target()
    batch = finished_batch()
    hook.wait_phase(batch, "done")
    later = target()
    calls = len(receiver.seen)
    service.stop()
    service.forget_offsets()
    service.start()
    line.until(lambda: caught_up("webhook"))
    probe = finished_batch()
    later.wait_phase(probe, "done")
    hook.wait_phase(probe, "done")

    before = {call.batch for call in receiver.seen[:calls]}
    after = {call.batch for call in receiver.seen[calls:]}     # others' may end in these seconds
    assert batch in before and probe in after and not before & after


def test_a_deleted_batch_is_not_delivered(target):
    hook = target()
    hook.set("enabled = false")
    batch = finished_batch()
    line.until(lambda: hook.ledger(batch) == ["intent"])
    delete(batch)
    line.until(lambda: line.call("GET", f"/api/batches/{batch}")[0] == 404)
    hook.set("enabled = true")
    hook.wait_phase(batch, "passed")

    assert not hook.seen() and hook.ledger(batch, "attempts") == [0]


def test_a_deletion_is_told_to_who_wants_it_and_to_nobody_else(target):
    both, finished, late = target(("completed", "deleted")), target(), target(("completed", "deleted"))
    late.set("enabled = false")
    batch = finished_batch()
    both.wait_phase(batch, "done")
    finished.wait_phase(batch, "done")
    delete(batch)
    line.until(lambda: both.ledger(batch) == ["done", "done"])
    line.until(lambda: "deleted" in late.ledger(batch, "state"))
    late.set("enabled = true")
    line.until(lambda: late.ledger(batch)[-1] == "done")

    assert [call.type for call in both.seen()] == ["batch.completed", "batch.deleted"]
    assert [call.type for call in finished.seen()] == ["batch.completed"]
    assert [call.type for call in late.seen()] == ["batch.deleted"]
    gone = both.seen()[1].event["data"]
    assert (gone["id"], gone["status"], gone["archive"]) == (batch, "deleted", None)


def test_a_retried_batch_is_delivered_for_each_of_its_runs(target):
    hook = target()
    batch = line.submit([*photos(1), ("broken.jpg", b"not a picture")])
    line.finished(batch)
    hook.wait_phase(batch, "done")
    assert line.call("POST", f"/api/batches/{batch}/retry")[0] in (200, 202)
    line.until(lambda: hook.ledger(batch) == ["done", "done"])

    assert [(c.type, c.event["data"]["run_no"]) for c in hook.seen()] == [
        ("batch.partial", 1), ("batch.partial", 2)]


def certificate(folder, name):
    """A key and its own certificate, for one name; the file of both."""
    path = folder / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", path, "-out",
                    folder / "only.pem"], check=True, capture_output=True)
    path.write_text(path.read_text() + (folder / "only.pem").read_text())
    return path


def test_by_https_the_other_side_has_to_be_who_its_name_says(target, service, tmp_path):
    path = certificate(tmp_path, "localhost")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    secure = Receiver(tls)
    service.stop()
    trusting = Service(service.env["BATCHLINE_SECRETS"], BATCHLINE_CA_FILE=str(path))
    trusting.start()
    try:
        well = target(url=f"https://localhost:{secure.server_port}/well")
        other = target(url=f"https://127.0.0.1:{secure.server_port}/other")
        batch = finished_batch()
        well.wait_phase(batch, "done")
        line.until(lambda: other.ledger(batch, "error_code") == ["tls"])
    finally:
        trusting.stop()
        service.start()
        secure.shutdown()

    call, = secure.seen
    assert call.path == "/well" and Webhook(OLD).verify(call.body, call.headers) == call.event


# ---- what is refused ----

def test_an_address_of_no_allowed_network_is_not_called(target, service):
    service.stop()
    strict = Service(service.env["BATCHLINE_SECRETS"], BATCHLINE_ALLOWED_NETWORKS="")
    strict.start()
    try:
        hook = target()
        named = target(url=hook.url.replace("127.0.0.1", "localhost").replace("http:", "https:"))
        finished_batch()
        for one in (hook, named):
            assert one.wait_attention().startswith("refused: ")
    finally:
        strict.stop()
        service.start()

    assert not hook.seen()


def test_a_secret_that_is_missing_or_wrong_stops_the_target_and_is_not_told(target, secrets):
    write_secret(secrets, "key", "whsec_c2hvcnQ=")
    try:
        hook = target()
        batch = finished_batch()
        told = hook.wait_attention()
        assert told.startswith("secret: ") and "c2hvcnQ" not in told
    finally:
        write_secret(secrets, "key", OLD)
    hook.set("attention = null")
    hook.wait_phase(batch, "done")
    assert OLD not in json.dumps(sql("select to_json(t) from targets t"), default=str)


def test_a_secret_that_others_may_read_is_refused_at_the_start(tmp_path):
    (tmp_path / "key").write_text(OLD)
    (tmp_path / "key").chmod(0o640)
    env = Service(tmp_path, BATCHLINE_INSTANCE="").env
    done = subprocess.run([program("webhook")], env=env, capture_output=True, text=True, timeout=60)

    assert done.returncode == 2
    assert f"others may read {tmp_path}/key" in done.stderr and OLD not in done.stderr


@pytest.mark.parametrize("settings, why", [
    ('{"url": "ftp://example.org/", "secret": "key"}', "url"),
    ('{"url": "https://me:word@example.org/", "secret": "key"}', "url"),
    ('{"url": "https://example.org/", "secret": "../key"}', "secret"),
    ('{"url": "https://example.org/", "secret": "key", "colour": 1}', "colour"),
    ('[]', "settings")])
def test_settings_that_cannot_be_right_are_refused(settings, why):
    assert sql("select target_defect('webhook', %s)", settings)[0][0].startswith(f"{why}: ")
    with pytest.raises(psycopg.errors.CheckViolation):
        sql("insert into targets (service, name, settings) values ('webhook', 'no', %s)",
            settings)


# ---- what the engine says of a target ----

def verdict(hook):
    hook.set("test_asked_at = now(), test_said_at = null")
    line.until(lambda: sql("select test_said_at from targets where name = %s", hook.name)[0][0])
    return sql("select test_well, test_code, test_words from targets where name = %s", hook.name)[0]


def test_a_target_is_tested_by_its_service_with_an_event_about_no_batch(target):
    hook = target()
    well = verdict(hook)
    hook.answers((401, {}, b"who are you"))
    ill = verdict(hook)

    assert (well[0], ill) == (True, (False, "http_401", "answered 401: who are you"))
    assert hook.attention()[0] is None
    for call in hook.receiver.at(hook.path):
        assert Webhook(OLD).verify(call.body, call.headers)["data"] == {"target": hook.name}


def test_a_target_that_is_down_rests_between_calls_until_one_succeeds(target):
    hook = target()
    hook.answers(*[(500, {}, b"")] * 7)
    batches = [finished_batch() for _ in range(3)]
    line.until(lambda: sql("select failures >= 5 and held_until > now() from targets"
                           " where name = %s", hook.name)[0][0])
    for batch in batches:
        hook.wait_phase(batch, "done")

    assert len(hook.seen()) == 7 + 3
    assert sql("select failures, held_until from targets where name = %s", hook.name) == [(0, None)]


# ---- the receivers of the page ----

PAGE = (events.ROOT / "docs/integrations.md").read_text()
RECEIVERS = dict(reversed(re.findall(r"```(python|js)\n(.*?)```", PAGE, re.S)))


@pytest.mark.parametrize("language", ["python", "js"])
def test_the_lines_of_the_page_receive_a_batch(language, target, tmp_path):
    port = free_port()
    path = tmp_path / ("receiver.py" if language == "python" else "receiver.cjs")
    path.write_text(RECEIVERS[language].replace("9000", str(port)))
    program = subprocess.Popen(
        [sys.executable if language == "python" else "node", path], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "KEY": OLD, "PYTHONUNBUFFERED": "1",
             "NODE_PATH": str(events.ROOT / "tests/web/node_modules")})
    try:
        hook = target(url=f"http://127.0.0.1:{port}/in")
        batch = finished_batch()
        hook.wait_phase(batch, "done")
        said = program.stdout.readline().split()
    finally:
        program.kill()
        program.wait()

    name = line.get(f"/api/batches/{batch}")["base_directory_name"]
    assert said == [*hook.ledger(batch, "id::text"), "batch.completed", name]
