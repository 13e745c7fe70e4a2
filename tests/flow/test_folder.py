# SPDX-License-Identifier: Apache-2.0
"""A watched folder: a sub-folder that is quiet becomes one batch, whatever happens meanwhile."""
import io
import json
import os
import random
import signal
import time
import zipfile
from pathlib import Path

import pytest

import folder
import line
from folder import batches, picture
from gateway import PHOTOS, customer


@pytest.fixture
def watched(tmp_path):
    w = folder.Watched(tmp_path / "studio")
    yield w
    w.end()


@pytest.fixture
def gate():
    g = folder.Gate()
    yield g
    g.close()


def zipped(batch_id):
    status, _, body = line.call("GET", f"/api/batches/{batch_id}/download")
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {name.rpartition("/")[2]: archive.read(name) for name in archive.namelist()
                if not name.endswith(("/", "manifest.json"))}


def test_a_folder_becomes_a_batch_and_its_pictures_come_back(watched):
    c, files = customer(), {f"view-{n}.jpg": picture(n) for n in range(3)}
    junk = {".DS_Store": b"x", "Thumbs.db": b"x", "view-0.jpg~": b"x"}
    watched.start()
    watched.put(f"{c} villa 3", files, junk)

    line.until(lambda: watched.names("done"))
    line.until(watched.is_idle)

    batch, = batches(c)
    assert (batch["render_description"], batch["total_files"]) == (f"{c} villa 3", 3)
    assert watched.names("done") == [batch["base_directory_name"]]
    brought = watched.files(f"done/{batch['base_directory_name']}")
    assert brought and brought == zipped(batch["id"])
    assert watched.files(f"sent/{c} villa 3") == {**files, **junk}
    assert watched.names("failed") == []


def test_what_batch_json_says_is_what_the_batch_is(watched):
    c = customer()
    settings = {"pipeline_id": 1, "customer_prefix": c, "description": "Villa, three views",
                "priority": 8, "failures_tolerated": 1}
    watched.start("--customer", "OTHERS")
    watched.put("no prefix here", {"a.jpg": picture(1)}, {"batch.json": json.dumps(settings).encode()})

    line.until(lambda: watched.names("done"))

    batch, = batches(c)
    assert (batch["render_description"], batch["priority"], batch["failures_tolerated"],
            batch["total_files"]) == ("Villa, three views", 8, 1, 1)


@pytest.mark.parametrize("settings,words", [
    ('{"pipeline_id": "one"}', "pipeline_id is not a whole number"),
    ('{"customer_prefix": "pl dxb"}', "customer_prefix is no prefix"),
    ('{"priority": 10}', "priority is more than 9"),
    ('{"colour": "red"}', "colour is not known"),
    ('{"pipeline_id": 1', "batch.json: "),
    ('{"pipeline_id": 999999}', "pipeline_id")])
def test_a_bad_batch_json_is_refused_and_the_field_is_named(watched, settings, words):
    watched.start()
    watched.put("villa", {"a.jpg": picture(1)}, {"batch.json": settings.encode()})

    assert words in line.until(lambda: watched.why("villa"))
    assert set(watched.files("failed/villa")) == {"a.jpg", "batch.json", "why.txt"}
    assert line.until(watched.is_idle) and watched.names("sent") == []


def test_a_folder_within_is_refused_and_named(watched):
    watched.start()
    watched.put("villa", {"a.jpg": picture(1)})
    (watched.root / "villa" / "kitchen").mkdir()

    assert 'the folder "kitchen" is in it' in line.until(lambda: watched.why("villa"))
    assert (watched.root / "failed/villa/kitchen").is_dir()


def test_a_name_that_tells_no_customer_leaves_it_to_the_first_picture(watched):
    c = customer()
    watched.start()
    watched.put("ünsinn -- ?!", {f"{c}_a.jpg": picture(1)})

    line.until(lambda: watched.names("done"))

    assert [b["render_description"] for b in batches(c)] == ["ünsinn -- ?!"]


def test_a_picture_that_fails_is_told_and_the_others_come(watched):
    c = customer()
    watched.start()
    watched.put(c, {"a.jpg": picture(1), "b.jpg": b"no picture"})

    why = line.until(lambda: watched.why(c), 180)
    line.until(watched.is_idle)

    assert "ended as partial: 1 of 2" in why and "\nb.jpg: failed: " in why and "a.jpg:" not in why
    assert watched.names("failed/" + c) == ["why.txt"] and len(watched.names("done")) == 1
    assert set(watched.files(f"sent/{c}")) == {"a.jpg", "b.jpg"}


def test_names_that_are_no_text_are_refused_and_said(watched):
    root = os.fsencode(watched.root)
    watched.start()
    os.mkdir(root + b"/caf\xe9")
    Path(os.fsdecode(root + b"/caf\xe9/a.jpg")).write_bytes(picture(1))
    watched.put("villa", {os.fsdecode(b"caf\xe9.jpg"): picture(1)})

    line.until(lambda: watched.names("failed") == [os.fsdecode(b"caf\xe9"), "villa"])

    assert "name is not UTF-8" in watched.why(os.fsdecode(b"caf\xe9"))
    assert "its name is not UTF-8" in (watched.root / "failed/villa/why.txt").read_text(errors="replace")


# ---- not before it is quiet ----

def test_a_file_that_grows_holds_the_folder_back(watched):
    c, whole = customer(), picture(5)
    watched.start()
    room = watched.root / c
    room.mkdir()
    (room / "b.jpg").write_bytes(picture(6))
    for n in range(0, len(whole), len(whole) // 8):
        (room / "a.jpg").write_bytes(whole[:n])
        time.sleep(0.4)
        assert room.is_dir() and batches(c) == []
    (room / "a.jpg").write_bytes(whole)

    line.until(lambda: watched.names("done"))

    batch, = batches(c)
    assert batch["jobs_completed"] == 2 and watched.files(f"sent/{c}")["a.jpg"] == whole


def test_a_copy_under_another_name_is_taken_under_its_last_one(watched):
    c = customer()
    watched.start()
    room = watched.root / c
    room.mkdir()
    for n in range(5):
        (room / f"{n}.jpg.part").write_bytes(picture(n))
        time.sleep(0.5)
        (room / f"{n}.jpg.part").rename(room / f"{n}.jpg")

    line.until(lambda: watched.names("done"))

    batch, = batches(c)
    assert batch["jobs_completed"] == 5
    assert sorted(watched.files(f"sent/{c}")) == [f"{n}.jpg" for n in range(5)]


def test_what_comes_after_it_was_submitted_is_a_batch_of_its_own(watched, gate):
    c = customer()
    gate.hold("POST", "/api/jobs/batch", answered=True)
    watched.start(url=gate.url)
    watched.put(c, {"a.jpg": picture(1)})
    assert gate.reached.wait(60)
    (watched.root / c / "late.jpg").write_bytes(picture(2))
    gate.let_go()

    line.until(lambda: len(watched.names("done")) == 2)

    assert sorted(b["total_files"] for b in batches(c)) == [1, 1]
    assert set(watched.files(f"sent/{c}")) == {"a.jpg"}
    assert set(watched.files(f"sent/{c}-2")) == {"late.jpg"}


# ---- never twice ----

@pytest.mark.parametrize("method,path,answered", [
    ("POST", "/api/blobs", False), ("POST", "/api/blobs", True),
    ("POST", "/api/jobs/batch", False), ("POST", "/api/jobs/batch", True),
    ("GET", "/api/batches/", True), ("GET", "/api/jobs/", False), ("GET", "/api/jobs/", True)])
def test_a_kill_at_any_moment_leaves_one_batch(watched, gate, method, path, answered):
    c, files = customer(), {f"{n}.jpg": picture(n) for n in range(4)}
    gate.hold(method, path, answered)
    watched.start(url=gate.url)
    watched.put(c, files)
    assert gate.reached.wait(60)
    watched.end(signal.SIGKILL)
    gate.let_go()
    watched.start()

    line.until(lambda: watched.names("done"))
    line.until(watched.is_idle)

    batch, = batches(c)
    assert watched.names("done") == [batch["base_directory_name"]]
    assert watched.files(f"done/{batch['base_directory_name']}") == zipped(batch["id"])
    assert watched.files(f"sent/{c}") == files and watched.names("failed") == []
    assert list((watched.root / "done").glob(".*")) == []


def test_kills_at_any_time_of_many_folders_leave_one_batch_each(watched):
    cs = [customer() for _ in range(8)]
    for n, c in enumerate(cs):
        watched.put(c, {f"{i}.jpg": picture(10 * n + i) for i in range(3)})
    for _ in range(14):
        watched.start()
        time.sleep(random.uniform(0.95, 1.5))
        watched.end(signal.SIGKILL)
    watched.start()
    line.until(watched.is_idle)

    found = [b for c in cs for b in batches(c)]
    assert len(found) == len(cs)
    assert watched.names("done") == sorted(b["base_directory_name"] for b in found)
    for batch in found:
        assert watched.files(f"done/{batch['base_directory_name']}") == zipped(batch["id"])
    assert watched.names("sent") == sorted(cs) and watched.names("failed") == []
    for n, c in enumerate(cs):
        assert watched.files(f"sent/{c}") == {f"{i}.jpg": picture(10 * n + i) for i in range(3)}


def test_a_second_copy_stands_by_and_takes_over(watched):
    c, port = customer(), folder.free_port()
    watched.start()
    line.until(lambda: watched.ready() == "ready\n")
    second = watched.start(port=port)
    line.until(lambda: "stands by" in (watched.ready(port) or ""))
    watched.put(c, {"a.jpg": picture(1)})
    line.until(lambda: watched.names("sent"))

    watched.end(signal.SIGKILL)
    line.until(lambda: watched.names("done"))
    second.terminate()

    assert second.wait(60) == 0 and len(batches(c)) == 1


def test_the_same_folder_again_is_the_same_batch(watched):
    c = customer()
    watched.start()
    for _ in range(2):
        watched.put(c, {"a.jpg": picture(1)})
        line.until(lambda: watched.names("sent"))
    line.until(watched.is_idle)

    batch, = batches(c)
    assert watched.names("sent") == [c, f"{c}-2"]
    assert watched.names("done") == [batch["base_directory_name"], batch["base_directory_name"] + "-2"]


# ---- a world that is unwell ----

def test_a_gateway_that_is_away_is_waited_for(watched):
    c, nobody = customer(), folder.free_port()
    watched.start(url=f"http://127.0.0.1:{nobody}")
    watched.put(c, {"a.jpg": picture(1)})
    line.until(lambda: "connect to" in (watched.ready() or ""))
    assert (watched.root / c).is_dir() and watched.names("failed") == []

    gate = folder.Gate(nobody)
    line.until(lambda: watched.names("done"))
    gate.close()

    assert len(batches(c)) == 1 and "connect to" in watched.log.read_text()


def test_a_disk_that_takes_nothing_submits_nothing_until_it_does(watched):
    c = customer()
    watched.start(room=0)
    watched.put(c, {"a.jpg": picture(1)})
    line.until(lambda: "File too large" in (watched.ready() or ""))
    assert batches(c) == [] and watched.names() == [c] and watched.names("failed") == []

    watched.more_room()
    line.until(lambda: watched.names("done"))

    assert len(batches(c)) == 1


def test_a_disk_that_is_full_halfway_shows_nothing_half(watched):
    c = customer()
    large = next(p for p in PHOTOS if p.stat().st_size > 20_000).read_bytes()
    watched.start(room=6_000)
    watched.put(c, {"a.jpg": picture(1), "b.jpg": large})
    line.until(lambda: "File too large" in (watched.ready() or ""))
    assert watched.names("sent") == [c] and watched.names("done") == watched.names("failed") == []

    watched.more_room()
    line.until(lambda: watched.names("done"))
    line.until(watched.is_idle)

    batch, = batches(c)
    assert watched.files(f"done/{batch['base_directory_name']}") == zipped(batch["id"])


def test_a_place_that_is_taken_by_something_else_is_waited_for(watched):
    c = customer()
    watched.start()
    line.until(lambda: watched.ready() == "ready\n")
    done = watched.root / "done"
    done.rmdir()
    done.write_bytes(b"in the way")
    watched.put(c, {"a.jpg": picture(1)})

    line.until(lambda: "done" in (watched.ready() or "ready"))
    assert watched.names("sent") == [c]
    done.unlink()
    done.mkdir()
    line.until(lambda: watched.names("done"))

    assert len(batches(c)) == 1 and line.until(lambda: watched.ready() == "ready\n")


def test_five_thousand_pictures_at_once(watched):
    c, small = customer(), [picture(n) for n in range(1600)]
    watched.start()
    room = watched.root / c
    room.mkdir()
    for n in range(5000):
        (room / f"{n:04}.jpg").write_bytes(small[n % len(small)])

    line.until(lambda: watched.names("sent"), 240)
    line.until(lambda: watched.names("done"), 400)

    batch, = batches(c)
    assert (batch["total_files"], batch["status"]) == (5000, "completed")
    assert len(os.listdir(watched.root / "done" / batch["base_directory_name"])) >= 5000
    assert len(os.listdir(watched.root / "sent" / c)) == 5000


def test_more_pictures_than_a_batch_may_have_are_refused_with_both_numbers(watched):
    watched.start()
    most = line.get("/api/session")["limits"]["files"]
    hidden = watched.root / ".villa"
    hidden.mkdir()
    for n in range(most + 1):
        (hidden / f"{n}.jpg").write_bytes(b"x")
    hidden.rename(watched.root / "villa")

    why = line.until(lambda: watched.why("villa"))

    assert f"{most + 1} pictures" in why and f"at most {most}" in why
