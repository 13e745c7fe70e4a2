# SPDX-License-Identifier: Apache-2.0
"""batchline as it is typed: against the running line, and against a gateway that behaves badly."""
import contextlib
import fcntl
import hashlib
import io
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import uuid
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import events
import line
from test_archive import stopped

CLI = events.ROOT / os.environ.get("BUILD", "build") / "bin" / "batchline"
PHOTOS = events.ROOT / "docker/demo/photos"
PHOTO = (PHOTOS / "PL_DXB_cat-portrait.jpg").read_bytes()
DEAD = "http://127.0.0.1:1"


def cli(*words, url=None, cwd=None, **environment):
    return subprocess.run([CLI, *map(str, words)], capture_output=True, text=True, cwd=cwd,
                          timeout=120,
                          env={**os.environ, "BATCHLINE_URL": url or line.URL, **environment})


def said(run):
    """The one JSON value on standard output."""
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture
def folder(tmp_path):
    for i in range(3):
        (tmp_path / f"PL_CLI_{i}.jpg").write_bytes(PHOTO)
    (tmp_path / ".hidden.jpg").write_bytes(b"no picture")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "PL_CLI_deep.jpg").write_bytes(PHOTO)
    return tmp_path


@pytest.fixture(scope="module")
def batch():
    """A finished batch with an archive, by its name and id."""
    made = said(cli("submit", PHOTOS, "-p", "2", "--prefix", "CLI_DONE", "--json"))
    return line.finished(made["batch_id"], archive=True)


# ---- submit ----

def test_a_folder_becomes_a_finished_batch(folder):
    run = cli("submit", folder, "--pipeline", "web", "--description", "by hand", "--watch")

    assert run.returncode == 0, run.stderr
    name = re.match(r"(PL_CLI_\S+): 3 files", run.stdout).group(1)
    assert f"{name}: completed, 3 of 3 done" in run.stdout
    found = said(cli("show", name, "--json"))
    assert found["render_description"] == "by hand"
    assert [job["file_name"] for job in found["jobs"]] == [f"PL_CLI_{i}.jpg" for i in range(3)]


def test_folders_within_come_along_when_asked_for(folder):
    made = said(cli("submit", folder, "-p", 1, "--recursive", "--json"))

    jobs = said(cli("show", made["batch_id"], "--json"))["jobs"]
    assert [job["file_name"] for job in jobs] == [
        "PL_CLI_0.jpg", "PL_CLI_1.jpg", "PL_CLI_2.jpg", "PL_CLI_deep.jpg"]


def test_every_word_about_a_batch_arrives(folder):
    made = said(cli("submit", folder / "PL_CLI_0.jpg", "-p", 1, "--prefix", "CLI_WORDS",
                    "--priority", 8, "--failures-tolerated", 2, "--json"))

    found = said(cli("show", made["batch_id"], "--json"))
    assert (found["customer_prefix"], found["priority"], found["failures_tolerated"]) == (
        "CLI_WORDS", 8, 2)


def test_a_job_that_fails_is_told_with_its_reason_and_the_exit_code_is_3(folder):
    (folder / "words.jpg").write_text("no picture at all")

    run = cli("submit", folder, "-p", 1, "--watch")

    assert run.returncode == 3
    assert re.search(r"^failed: words\.jpg: .*\(not_an_image\)$", run.stdout, re.M)
    assert "3 rendered, 1 failed" in run.stdout


def test_the_same_key_twice_is_one_batch(folder):
    key = f"test {uuid.uuid4()}"
    first = said(cli("submit", folder, "-p", 1, "--idempotency-key", key, "--json"))
    again = said(cli("submit", folder, "-p", 1, "--idempotency-key", key, "--json"))

    assert again["batch_id"] == first["batch_id"]


def test_watch_with_json_ends_in_one_value(folder):
    final = said(cli("submit", folder, "-p", 1, "--watch", "--json"))

    assert final["status"] == "completed" and len(final["jobs"]) == 3


def test_more_than_the_first_page_of_jobs_is_submitted_and_shown(tmp_path):
    for i in range(1003):
        (tmp_path / f"CLI_MANY_{i:04}.txt").write_text("no picture")

    run = cli("submit", tmp_path, "-p", 1, "--watch")

    assert run.returncode == 3
    assert run.stdout.count("\nfailed: CLI_MANY_") == 1003
    name = run.stdout.split(":")[0]
    assert cli("show", name).stdout.count("not_an_image") == 1003
    whole = said(cli("show", name, "--json"))
    assert [job["position"] for job in whole["jobs"]] == list(range(1003))
    assert whole["jobs_next_cursor"] is None and whole["id"]
    failed = said(cli("show", name, "--status", "failed", "--json"))
    assert len(failed["data"]) == 1003
    first_line = subprocess.run(f"'{CLI}' show {name} | head -1; echo ${{PIPESTATUS[0]}}", shell=True,
                                executable="/bin/bash", capture_output=True, text=True,
                                env={**os.environ, "BATCHLINE_URL": line.URL})
    assert first_line.stderr == "" and first_line.stdout.startswith(name)
    assert int(first_line.stdout.splitlines()[-1]) in (0, 128 + signal.SIGPIPE)


@pytest.mark.parametrize("words, why", [
    (["nowhere"], "nowhere: No such file or directory"),
    (["empty"], "empty: there is no file in this folder"),
    (["good.jpg", "pipe"], "pipe: neither a file nor a folder"),
    ([b"\xff.jpg"], "?.jpg: its name is not UTF-8"),
    (["good.jpg", "a\tb.jpg"], "a?b.jpg: its name holds a control character"),
])
def test_what_cannot_be_submitted_is_named_before_anything_is_sent(tmp_path, words, why):
    (tmp_path / "good.jpg").write_bytes(PHOTO)
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a\tb.jpg").write_bytes(PHOTO)
    open(os.path.join(os.fsencode(tmp_path), b"\xff.jpg"), "wb").close()

    # the gateway of this one does not answer: it was not asked
    run = subprocess.run([CLI, "submit", "-p", "1", "--url", DEAD, *words], capture_output=True,
                         text=True, cwd=tmp_path, timeout=60)

    assert run.returncode == 1
    assert run.stderr.startswith(f"batchline: {why}")


def test_a_file_that_may_not_be_read_is_named(folder):
    if os.geteuid() == 0:
        locked, why = "/proc/self/mem/x", "Not a directory"
    else:
        locked, why = folder / "PL_CLI_1.jpg", "Permission denied"
        locked.chmod(0)

    run = cli("submit", locked, "-p", 1, url=DEAD)

    assert run.returncode == 1 and f"{locked}: {why}" in run.stderr


def test_an_unknown_pipeline_is_told_before_the_files_are_sent(folder):
    run = cli("submit", folder, "-p", "nosuch")

    assert run.returncode == 1
    assert 'no pipeline "nosuch"' in run.stderr


def test_what_the_gateway_refuses_is_told_with_its_field(folder):
    run = cli("submit", folder, "-p", 1, "--prefix", "lower case")

    assert run.returncode == 1
    assert "customer_prefix: is not one to four tokens" in run.stderr


# ---- looking ----

def test_a_list_is_a_table_for_people_and_a_page_for_programs(batch):
    name = batch["base_directory_name"]

    table = cli("list", "--customer", "CLI_DONE", "--status", "completed,partial")
    page = said(cli("list", "-q", name, "--limit", 1, "--json"))

    head, row = table.stdout.splitlines()[:2]
    assert head.split()[:4] == ["BATCH", "STATUS", "DONE", "FILES"]
    assert row.split()[:4] == [name, "completed", "6", "6"]
    assert "\033" not in table.stdout
    assert page["limit"] == 1 and page["data"][0]["id"] == batch["id"]


def test_a_list_without_a_hit_says_so(batch):
    assert cli("list", "-q", "no such words").stdout == "No batch is as the options say.\n"


def test_a_batch_is_found_by_its_id_and_by_its_name(batch):
    by_id = said(cli("show", batch["id"], "--json"))
    by_name = said(cli("show", batch["base_directory_name"], "--json"))

    assert by_id["id"] == by_name["id"] == batch["id"]


def test_show_names_every_job(batch):
    shown = cli("show", batch["base_directory_name"]).stdout

    assert "status       completed" in shown and "6 of 6 done" in shown
    for photo in PHOTOS.iterdir():
        assert photo.name in shown


def test_counts_and_pipelines_are_there(batch):
    stats, pipelines = said(cli("stats", "--json")), said(cli("pipelines", "--json"))

    assert stats["batches"]["completed"] >= 1
    assert {"web", "3-view render"} <= {p["name"] for p in pipelines["data"]}
    assert "CLI_DONE" in cli("stats").stdout and "3-view render" in cli("pipelines").stdout


def test_counts_are_of_what_the_options_show(batch):
    name, day = batch["base_directory_name"], batch["batch_date"]
    one = said(cli("stats", "--name", name, "--json"))
    some = said(cli("stats", "--customer", "CLI_DONE", "--status", "completed", "--from", day, "--to", day, "--json"))

    assert one["batches"]["total"] == 1 and one["jobs"]["total"] == 6
    assert some["batches"]["total"] == some["batches"]["completed"] >= 1
    assert [b["id"] for b in said(cli("list", "--name", name, "--json"))["data"]] == [batch["id"]]


def test_counts_tell_what_was_done_in_the_last_hours(batch):
    hours = said(cli("stats", "--customer", "CLI_DONE", "--json"))["throughput"]

    assert sum(h["jobs_completed"] for h in hours) >= 6 and sum(h["batches"] for h in hours) >= 1
    assert "RENDERED" in cli("stats", "--customer", "CLI_DONE").stdout
    assert "RENDERED" not in cli("stats", "--customer", "NOBODY").stdout


def test_show_tells_of_the_jobs_in_one_state(batch):
    name, photos = batch["base_directory_name"], [photo.name for photo in PHOTOS.iterdir()]
    completed, failed = (cli("show", name, "--status", s).stdout for s in ("completed", "failed"))

    assert all(photo in completed and photo not in failed for photo in photos)
    assert said(cli("show", name, "-s", "failed", "--json"))["data"] == []
    assert cli("show", name, "-s", "unheard").returncode == 1


def test_texts_of_strangers_cannot_steer_the_terminal(tmp_path):
    evil = "\033[2Jgone\u202e"
    made = line.submit([("CLI_EVIL_1.jpg", PHOTO)], batch_description=evil)

    shown = cli("show", made).stdout + cli("list", "--customer", "CLI_EVIL").stdout

    assert "?[2Jgone?" in shown
    assert "\033" not in shown and "\u202e" not in shown


# ---- orders ----

def test_what_is_finished_takes_no_orders(batch):
    for order in ("pause", "resume", "cancel"):
        refused = cli(order, batch["base_directory_name"])
        assert refused.returncode == 1
        assert "is completed already" in refused.stderr


def test_orders_change_what_is_under_way_and_a_cancelled_batch_ends_with_3(folder):
    with stopped("renderer"):
        name = said(cli("submit", folder, "-p", 1, "--json"))["base_directory_name"]

        orders = [cli(order, name).stdout for order in ("pause", "resume", "cancel")]
        watched = cli("watch", name)

    assert [order.split()[1] for order in orders] == ["paused", "queued", "cancelled"]
    assert watched.returncode == 3 and "3 cancelled" in watched.stdout


def test_what_waits_gets_another_priority(folder):
    with stopped("renderer"):
        name = said(cli("submit", folder, "-p", 1, "--json"))["base_directory_name"]

        assert cli("priority", name, 8).stdout == f"{name}: priority 8\n"
        assert said(cli("priority", name, 9, "--json"))["priority"] == 9
        for wrong in ("10", "-1", "high", ""):
            refused = cli("priority", name, wrong)
            assert (refused.returncode, refused.stdout) == (2, ""), wrong
            assert "0 to 9" in refused.stderr or "-1" in refused.stderr
        cli("cancel", name)
        assert "is cancelled already" in cli("priority", name, 1).stderr


def test_failed_jobs_are_tried_again(folder):
    (folder / "words.jpg").write_text("no picture at all")
    name = cli("submit", folder, "-p", 1, "--watch").stdout.split(":")[0]

    order = said(cli("retry", name, "--json"))
    run = cli("watch", name)

    assert order["run_no"] == 2
    assert run.returncode == 3 and "1 failed" in run.stdout


def test_one_failed_job_is_tried_again(tmp_path):
    for name in "PL_CLI_a.jpg", "PL_CLI_b.jpg":
        (tmp_path / name).write_text(f"no picture {name}")
    name = cli("submit", tmp_path, "-p", 1, "--watch").stdout.split(":")[0]
    jobs = said(cli("show", name, "--json"))["jobs"]

    assert said(cli("retry", jobs[1]["id"], "--json"))["run_no"] == 2
    cli("watch", name)

    after = said(cli("show", name, "--json"))["jobs"]
    assert after[0]["completed_at"] == jobs[0]["completed_at"]
    assert after[1]["completed_at"] > jobs[1]["completed_at"]
    assert cli("retry", str(uuid.uuid4())).returncode == 4


def test_one_picture_is_fetched(batch, tmp_path):
    job = batch["jobs"][0]
    hero = next(o for o in job["outputs"] if o["view"] == "hero")

    told = said(cli("get", job["id"], "hero", "--json", cwd=tmp_path))
    first = said(cli("get", job["id"], "-o", tmp_path / "first", "--json"))

    assert told["file"] == hero["name"] and told["sha256"] == hero["sha256"] == digest(tmp_path / hero["name"])
    assert first["sha256"] == job["outputs"][0]["sha256"]
    for code, words in (4, [job["id"], "nope"]), (4, [str(uuid.uuid4())]), (2, ["no-id"]):
        run = cli("get", *words)
        assert run.returncode == code, run.stderr
    assert "hero" in cli("get", job["id"], "nope").stderr


def test_a_list_goes_on_at_its_cursor(batch):
    first = said(cli("list", "--limit", 1, "--json"))
    second = said(cli("list", "--limit", 1, "--cursor", first["next_cursor"], "--json"))

    assert first["data"][0]["id"] != second["data"][0]["id"]


def test_what_is_deleted_is_not_found(folder):
    made = said(cli("submit", folder, "-p", 1, "--json"))
    line.finished(made["batch_id"])

    assert cli("delete", made["base_directory_name"]).returncode == 0
    assert cli("show", made["base_directory_name"]).returncode == 4
    assert cli("show", made["batch_id"]).returncode == 4


# ---- download ----

def test_a_download_is_a_sound_zip_under_the_name_of_the_batch(batch, tmp_path):
    run = cli("download", batch["id"], cwd=tmp_path)

    name = batch["base_directory_name"]
    assert run.returncode == 0, run.stderr
    assert [p.name for p in tmp_path.iterdir()] == [f"{name}.zip"]
    with zipfile.ZipFile(tmp_path / f"{name}.zip") as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 6 * 3 + 1


def test_an_archive_goes_to_standard_output_and_what_is_no_file_stays(batch, tmp_path):
    link = tmp_path / "link"
    link.symlink_to("/dev/null")
    os.mkfifo(tmp_path / "pipe")

    for name in link, "/dev/full", tmp_path / "pipe", tmp_path:
        run = cli("download", batch["id"], "-o", name)
        assert run.returncode == 2 and "is no regular file" in run.stderr
    assert link.is_symlink() and {p.name for p in tmp_path.iterdir()} == {"link", "pipe"}

    piped = subprocess.run([CLI, "download", batch["id"], "-o", "-"], capture_output=True, timeout=60,
                           env={**os.environ, "BATCHLINE_URL": line.URL})
    assert piped.returncode == 0 and piped.stderr == b""
    with zipfile.ZipFile(io.BytesIO(piped.stdout)) as archive:
        assert archive.testzip() is None
    with open("/dev/full", "wb") as full:
        run = subprocess.run([CLI, "download", batch["id"], "-o", "-"], stdout=full, timeout=60,
                             stderr=subprocess.PIPE, env={**os.environ, "BATCHLINE_URL": line.URL})
    assert run.returncode == 1 and b"No space left" in run.stderr


def test_a_link_to_a_file_stays_one(batch, tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "real.zip").write_bytes(b"")
    (tmp_path / "link.zip").symlink_to("store/real.zip")

    told = said(cli("download", batch["id"], "-o", tmp_path / "link.zip", "--json"))

    assert (tmp_path / "link.zip").is_symlink()
    assert told["sha256"] == digest(tmp_path / "store" / "real.zip")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["a.zip", "a.zip.part"])
def test_what_is_there_of_an_archive_is_continued(batch, tmp_path, name):
    cli("download", batch["id"], "-o", tmp_path / "whole.zip")
    whole = (tmp_path / "whole.zip").read_bytes()
    (tmp_path / name).write_bytes(whole[:len(whole) // 2])

    told = said(cli("download", batch["id"], "-o", tmp_path / "a.zip", "--json"))

    assert told["sha256"] == digest(tmp_path / "a.zip") == digest(tmp_path / "whole.zip")
    assert not (tmp_path / "a.zip.part").exists()


def test_a_part_of_something_else_is_fetched_anew(batch, tmp_path):
    (tmp_path / "a.zip.part").write_bytes(os.urandom(5000))

    told = said(cli("download", batch["id"], "-o", tmp_path / "a.zip", "--json"))

    assert told["sha256"] == digest(tmp_path / "a.zip")


@pytest.mark.parametrize("size", [10, 9_000_000])
def test_a_file_that_is_something_else_stays_as_it_was(batch, tmp_path, size):
    other = os.urandom(size)
    (tmp_path / "a.zip").write_bytes(other)

    run = cli("download", batch["id"], "-o", tmp_path / "a.zip")

    assert run.returncode == 1 and "remove it" in run.stderr
    assert (tmp_path / "a.zip").read_bytes() == other
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]


def test_an_archive_that_cannot_be_is_told(tmp_path):
    made = line.submit([("CLI_NONE_1.jpg", b"no picture")])
    line.finished(made)

    run = cli("download", made, "-o", tmp_path / "a.zip")

    assert run.returncode == 1 and "no outputs" in run.stderr
    assert not list(tmp_path.iterdir())


# ---- a gateway that behaves badly ----

class Bad(BaseHTTPRequestHandler):
    """Serves one archive; cuts every answer with a body after `most` bytes."""
    archive = os.urandom(300_000)
    most, etag_of, asked = 100_000, None, None
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        data, first, last = self.archive, 0, len(self.archive) - 1
        if asked := self.headers["range"]:
            ends = re.fullmatch(r"bytes=(\d+)-(\d*)", asked).groups()
            first, last = (int(n or last) for n in ends)
        type(self).asked.append((asked, self.headers["if-range"]))
        self.send_response(206 if asked else 200)
        etag = hashlib.sha256(self.etag_of or data).hexdigest()
        for name, value in {"ETag": f'"{etag}"', "Content-Length": last - first + 1,
                            "Content-Range": f"bytes {first}-{last}/{len(data)}",
                            "Content-Disposition": 'attachment; filename="../../evil.zip"'}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(data[first:min(last + 1, first + self.most)])
        self.close_connection = True


class Forgetful(Bad):
    """Takes a submission; is busy for the first picture, and hangs up on the first `cuts` batches
    as if it had done its work and fallen before the answer."""
    cuts = 1

    def answer(self, status, value, headers=()):
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in [("Content-Length", str(len(body))), *headers]:
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200, {"data": [{"id": 1, "name": "web"}]})

    def do_POST(self):
        data = self.rfile.read(int(self.headers["content-length"]))
        seen = [path for path, _, _ in type(self).asked]
        type(self).asked.append((self.path, self.headers["idempotency-key"], data))
        if self.path == "/api/blobs" and self.path not in seen:
            self.answer(503, {"type": "/problems/unavailable", "title": "Busy", "detail": "later"},
                        [("Retry-After", "0")])
        elif self.path == "/api/blobs":
            uri = f"blob:sha256/{hashlib.sha256(data).hexdigest()}"
            self.answer(201, {"uri": uri, "size": len(data)})
        elif seen.count(self.path) < self.cuts:
            self.close_connection = True
        else:
            self.answer(201, {"batch_id": "x", "base_directory_name": "CLI_batch-1"})


@contextlib.contextmanager
def serving(kind):
    handler = type("Handler", (kind,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    handler.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield handler
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def bad():
    with serving(Bad) as handler:
        yield handler


@pytest.fixture
def forgetful():
    with serving(Forgetful) as handler:
        yield handler


def test_an_answer_that_was_lost_is_asked_for_again_with_the_same_key(forgetful, folder):
    run = cli("submit", folder, "-p", 1, url=forgetful.url)

    assert run.returncode == 0, run.stderr
    batches = [a for a in forgetful.asked if a[0] == "/api/jobs/batch"]
    assert len(batches) == 2 and batches[0] == batches[1]
    assert uuid.UUID(batches[0][1])
    assert [a[2] for a in forgetful.asked if a[0] == "/api/blobs"] == [PHOTO] * 4


def test_when_all_answers_are_lost_the_key_is_told(forgetful, folder):
    forgetful.cuts = 100

    run = cli("submit", folder, "-p", 1, url=forgetful.url)

    assert run.returncode == 5
    key = next(a[1] for a in forgetful.asked if a[0] == "/api/jobs/batch")
    assert f"--idempotency-key {key}" in run.stderr


def test_a_connection_that_breaks_is_made_again_where_it_broke(bad, tmp_path):
    run = cli("download", uuid.uuid4(), "-o", tmp_path / "a.zip", url=bad.url)

    assert run.returncode == 0, run.stderr
    assert (tmp_path / "a.zip").read_bytes() == bad.archive
    etag = f'"{hashlib.sha256(bad.archive).hexdigest()}"'
    assert bad.asked == [("bytes=0-0", None), (None, None), ("bytes=100000-", etag),
                         ("bytes=200000-", etag)]


def test_bytes_with_another_hash_are_refused(bad, tmp_path):
    bad.etag_of = b"other bytes"

    run = cli("download", uuid.uuid4(), "-o", tmp_path / "a.zip", url=bad.url)

    assert run.returncode == 1 and "SHA-256" in run.stderr
    assert not (tmp_path / "a.zip").exists()


def test_the_gateways_name_for_a_file_is_no_way_out_of_the_folder(bad, tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)

    run = cli("download", uuid.uuid4(), cwd=tmp_path / "a" / "b", url=bad.url)

    assert run.returncode == 0, run.stderr
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["batch.zip"]
    assert (tmp_path / "a" / "b" / "batch.zip").exists()


def test_something_that_is_no_gateway_is_told_apart(bad):
    bad.most = len(bad.archive)

    run = cli("list", url=bad.url)

    assert run.returncode == 1
    assert "is it a gateway of Batchline?" in run.stderr


def test_an_answer_that_is_cut_short_is_as_good_as_none(bad):
    run = cli("list", url=bad.url)

    assert run.returncode == 5
    assert "before the end of the answer" in run.stderr


# ---- exit codes ----

@pytest.mark.parametrize("code, words", [
    (0, ["--help"]), (0, ["help", "submit"]), (0, ["list", "--help"]), (0, ["--version"]),
    (2, []), (2, ["dance"]), (2, ["list", "--nope"]), (2, ["list", "--limit", "many"]),
    (2, ["show"]), (2, ["submit", "x"]), (2, ["list", "too", "much"]), (2, ["help", "dance"]),
    (2, ["list", "--url", "gopher://x"]),
    (4, ["show", "CLI_NONE_2001-01-01_batch-1"]), (4, ["watch", str(uuid.uuid4())]),
    (4, ["download", str(uuid.uuid4())]), (4, ["delete", str(uuid.uuid4())]),
    (4, ["cancel", "no such batch"]),
    (5, ["list", "--url", f"{line.URL}/sub"]), (5, ["show", str(uuid.uuid4()), "--url", f"{line.URL}/sub"]),
    (5, ["list", "--url", DEAD]), (5, ["show", str(uuid.uuid4()), "--url", DEAD]),
])
def test_the_exit_code_tells_programs_what_happened(code, words):
    run = cli(*words)

    assert run.returncode == code, run.stderr
    assert run.stdout if code == 0 else run.stderr.startswith("batchline: ") and not run.stdout


@pytest.mark.parametrize("words", [["--help"], ["help", "submit"], ["help", "list"]])
def test_help_fits_a_hundred_columns_and_shows_examples(words):
    text = cli(*words).stdout

    assert max(map(len, text.splitlines())) <= 100
    assert text.count("batchline ") >= 3


# ---- a terminal ----

def on_terminal(*words, columns=80, until=None):
    """What a terminal of so many columns gets, and the exit code; `until`: then Ctrl-C. Our own end
    of the terminal stays open and gets the last word: a terminal that is closed may lose some."""
    end = b"<the end>"
    terminal, program = pty.openpty()
    fcntl.ioctl(program, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {**os.environ, "BATCHLINE_URL": line.URL, "TERM": "xterm", "NO_COLOR": ""}
    process = subprocess.Popen([CLI, *map(str, words)], stdin=program, stdout=program,
                               stderr=program, env=environment)
    seen = b""
    while not seen.endswith(end):
        if process and process.poll() is not None:
            code, process = process.returncode, None
            os.write(program, end)
        if select.select([terminal], [], [], 0.05)[0]:
            seen += os.read(terminal, 65536)
        if until and until in seen:
            process.send_signal(signal.SIGINT)
            until = None
    os.close(terminal)
    os.close(program)
    return seen.decode().removesuffix(end.decode()), code


def test_a_terminal_gets_a_bar_and_words_beside_the_colours(folder):
    seen, code = on_terminal("submit", folder, "-p", 1, "--watch")

    assert code == 0
    assert "[==============================] 100 %  3 of 3  completed" in seen
    assert "\033[32m" in seen and ": completed" in seen


def test_a_reader_that_has_enough_is_no_error(batch):
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run([CLI, "list"], stdout=writer, stderr=subprocess.PIPE, timeout=60,
                         env={**os.environ, "BATCHLINE_URL": line.URL})
    os.close(writer)

    assert run.returncode == -signal.SIGPIPE and run.stderr == b""


def test_a_table_fits_the_terminal(batch):
    line.submit([("CLI_WIDE_1.jpg", PHOTO)], batch_description="long " * 60)

    seen, _ = on_terminal("list", "--customer", "CLI_WIDE", columns=90)

    plain = re.sub(r"\033\[[0-9;]*[mK]", "", seen)
    assert max(map(len, plain.splitlines())) <= 90
    assert plain.rstrip().endswith("...")


def test_an_interrupted_watch_says_that_the_batch_goes_on():
    with stopped("renderer"):
        made = line.submit([("CLI_WAIT_1.jpg", PHOTO)])
        seen, code = on_terminal("watch", made, until=b"0 of 1")

    assert code == 130
    assert "the batch goes on" in seen


# ---- a shell's completion ----

COMPLETE = """source <("$CLI" completion bash)
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _batchline; echo "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize("words, offered", [
    ("batchline dow", ["download"]),
    ("batchline keys r", ["revoke", "rotate"]),
    ("batchline help sub", ["submit"]),
    ("batchline submit --pri", ["--priority"]),
    ("batchline keys add --sc", ["--scope"]),
    ("batchline keys revoke --sc", []),
    ("batchline submit x", []),
])
def test_bash_offers_what_the_tables_hold(words, offered):
    run = subprocess.run(["bash", "-c", COMPLETE.format(words=words)], capture_output=True, text=True,
                         env={**os.environ, "CLI": str(CLI)}, timeout=60)

    assert run.stderr == "" and run.stdout.split() == offered


def test_zsh_takes_the_same():
    run = subprocess.run(["zsh", "-f", "-c", 'source <("$CLI" completion zsh); print $_comps[batchline]'],
                         capture_output=True, text=True, env={**os.environ, "CLI": str(CLI)}, timeout=60)

    assert run.stderr == "" and "_batchline" in run.stdout
    assert cli("completion", "fish").returncode == 2
