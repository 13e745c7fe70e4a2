# SPDX-License-Identifier: Apache-2.0
"""The archive of a batch as its owner gets it, read by unzip and Python's zipfile; what becomes of
it when outputs are lost, and of everything when the batch is deleted."""
import contextlib
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import time
import urllib.parse
import uuid
import zipfile
import zlib
from pathlib import Path

import psycopg
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

import events
import line
from test_events import BROKERS, PREFIX, Topics, name_of

STORE = Path(os.environ["BLOB_URI"].removeprefix("file://"))
PHOTOS = sorted((events.ROOT / "docker/demo/photos").glob("*.jpg"))
PROGRAM = events.ROOT / os.environ.get("STACK_BIN", "build/bin") / "batchline-archiver"
NOT_A_PICTURE = ("PL_DXB_broken.jpg", b"not a picture")


def photos(n):
    return [(p.name, p.read_bytes()) for p in PHOTOS[:n]]


def stack(*words):
    done = subprocess.run([events.ROOT / "docker/stack", *words], text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


@contextlib.contextmanager
def stopped(*services):
    for name in services:
        stack("stop", name)
    try:
        yield
    finally:
        for name in reversed(services):
            stack("start", name)


@contextlib.contextmanager
def archiver(patience_s):
    """In place of the stack's own, under its name in the group, with little patience."""
    env = {**os.environ, "BATCHLINE_INSTANCE": "archiver-1",
           "DATABASE_URL": re.sub(r"//\w+@", "//batchline_archiver@", os.environ["DATABASE_URL"]),
           "BATCHLINE_PATIENCE_S": str(patience_s)}
    process = subprocess.Popen([PROGRAM], env=env)
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(30) == 0


def blob(uri):
    return STORE / uri.removeprefix("blob:")


def outputs(batch):
    with psycopg.connect(os.environ["DATABASE_URL"]) as db:
        return db.execute("select o.name, o.uri, o.size, o.sha256, o.crc32, o.job_id, o.attempt,"
                          " j.file_name, o.view from batchline.outputs o"
                          " join batchline.jobs j on j.id = o.job_id"
                          " where o.batch_id = %s", [batch]).fetchall()


def caught_up(group):
    """Whether a group has read all of `batches`."""
    consumer = Consumer({"bootstrap.servers": BROKERS, "group.id": f"batchline-{group}"})
    try:
        name = PREFIX + "batches"
        partitions = consumer.list_topics(name).topics[name].partitions
        places = [TopicPartition(name, p) for p in partitions]
        for place in consumer.committed(places, timeout=10):
            low, high = consumer.get_watermark_offsets(place, timeout=10)
            if high > low and place.offset < high:
                return False
        return True
    finally:
        consumer.close()


def built(records, batch):
    """The ArchiveBuilt records of a batch."""
    return [m for m in records if name_of(m) == "events" and m.key().decode() == batch
            and events.decode(m.value())[0] == "ArchiveBuilt"]


def manifest_of(archive):
    return json.loads(archive.read(archive.namelist()[0]))


def download(batch):
    status, headers, body = line.call("GET", f"/api/batches/{batch}/download")
    assert status == 200
    return headers, body


class Story:
    pass


@pytest.fixture(scope="module")
def partial():
    """Three photographs and a file that is none, by the pipeline of three views."""
    s = Story()
    s.topics = Topics("events")
    s.batch = line.submit([*photos(2), NOT_A_PICTURE, *photos(3)[2:]], pipeline=2,
                          batch_description="three – and one")
    s.last = line.finished(s.batch, archive=True)
    s.headers, s.body = download(s.batch)
    s.zip = zipfile.ZipFile(io.BytesIO(s.body))
    s.manifest = manifest_of(s.zip)
    s.folder = s.last["base_directory_name"]
    yield s
    s.topics.close()


def test_unzip_finds_nothing_wrong(partial, tmp_path):
    (tmp_path / "batch.zip").write_bytes(partial.body)
    said = subprocess.run(["unzip", "-t", "batch.zip"], cwd=tmp_path, text=True,
                          capture_output=True)

    assert said.returncode == 0, said.stdout
    assert "No errors detected" in said.stdout


def test_python_finds_nothing_wrong(partial):
    assert partial.zip.testzip() is None


def test_it_unpacks_into_one_folder_that_has_the_name_of_the_batch(partial):
    assert {name.split("/")[0] for name in partial.zip.namelist()} == {partial.folder}
    assert partial.headers["content-disposition"].count(f"{partial.folder}.zip")


def test_the_manifest_comes_first_and_lists_the_rest_in_its_order(partial):
    first, *rest = partial.zip.namelist()

    assert first == f"{partial.folder}/manifest.json"
    assert rest == [f"{partial.folder}/{f['name']}" for f in partial.manifest["files"]]


def test_the_order_is_that_of_the_submission(partial):
    assert [f["file_name"] for f in partial.manifest["files"]] == [
        p.name for p in PHOTOS[:3] for _ in range(3)]


def test_every_output_of_the_batch_is_in_it_byte_for_byte(partial):
    listed = {f["name"]: f for f in partial.manifest["files"]}
    rows = outputs(partial.batch)

    assert len(rows) == 9 and set(listed) == {row[0] for row in rows}
    for name, uri, size, sha256, crc32, job, attempt, file_name, view in rows:
        data = partial.zip.read(f"{partial.folder}/{name}")
        assert data == blob(uri).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest(), zlib.crc32(data)) == (
            size, sha256, crc32)
        said = listed[name]
        assert (said["size"], said["sha256"], said["job_id"], said["attempt"],
                said["file_name"], said["view"]) == (
                    size, sha256, str(job), attempt, file_name, view)


def test_entries_are_stored_with_one_time_and_plain_rights(partial):
    for entry in partial.zip.infolist():
        assert entry.compress_type == zipfile.ZIP_STORED
        assert entry.date_time == (1980, 1, 1, 0, 0, 0)
        assert entry.external_attr >> 16 == 0o100644
        assert not entry.extra and not entry.comment


NAMES = ["写真.jpg", "صورة.jpg", "Ω.png", "caf\u00e9.png", "cafe\u0301.png", "ПРИВЕТ.jpg",
         "привет.jpg", "CON.jpg"]


@pytest.fixture(scope="module")
def named():
    """One photograph under names of many scripts, two of them twice in some way of writing."""
    batch = line.submit([(name, PHOTOS[0].read_bytes()) for name in NAMES])
    last = line.finished(batch, archive=True)
    return batch, last, zipfile.ZipFile(io.BytesIO(download(batch)[1]))


def test_letters_of_every_script_stay_in_its_names(named):
    _, last, archive = named
    names = [name.removeprefix(last["base_directory_name"] + "/") for name in archive.namelist()]

    assert names == ["manifest.json", "写真_web.jpg", "صورة_web.jpg", "Ω_web.jpg",
                     "caf\u00e9_web.jpg", "caf\u00e9_4_web.jpg", "ПРИВЕТ_web.jpg",
                     "привет_6_web.jpg", "CON__web.jpg"]


def test_names_beyond_ascii_say_that_they_are_utf_8(named):
    entries = named[2].infolist()

    assert {e.filename: bool(e.flag_bits & 1 << 11) for e in entries} == {
        e.filename: not e.filename.isascii() for e in entries}
    assert named[2].testzip() is None


def test_each_output_is_had_by_its_name(named):
    batch, _, archive = named
    for name, *_, job, _, _, _ in outputs(batch):
        status, _, body = line.call("GET", f"/api/jobs/{job}/outputs/{urllib.parse.quote(name)}")
        assert status == 200 and body in [archive.read(e) for e in archive.namelist()[1:]]


def test_the_manifest_of_a_partial_batch_says_what_is_missing_and_why(partial):
    manifest = partial.manifest

    assert (manifest["status"], manifest["total_files"]) == ("partial", 4)
    assert manifest["render_description"] == "three – and one"
    assert manifest["missing_files"] == []
    missing, = manifest["missing_jobs"]
    job, = [j for j in partial.last["jobs"] if j["status"] == "failed"]
    assert missing == {"job_id": job["id"], "position": 2, "file_name": NOT_A_PICTURE[0],
                       "status": "failed", "attempt": 1, "error_code": job["error_code"],
                       "error_message": job["error_message"]}


def test_what_is_said_of_it_is_what_it_is(partial):
    def it(records):
        """its ArchiveBuilt"""
        return built(records, partial.batch)

    said = events.decode(it(partial.topics.read_until(it))[0].value())[1]
    archive = partial.last["archive"]

    assert archive == {"uri": f"blob:archives/{partial.batch}/1.zip", "size": len(partial.body),
                       "sha256": hashlib.sha256(partial.body).hexdigest(),
                       "entries": len(partial.zip.namelist()), "run_no": 1}
    assert {name: said[name] for name in archive} == archive
    assert str(said["event_id"]) == str(uuid.uuid5(uuid.UUID(partial.batch), "ArchiveBuilt/1"))


def test_a_batch_of_which_nothing_was_rendered_has_no_archive():
    batch = line.submit([NOT_A_PICTURE])
    assert line.finished(batch)["status"] == "failed"
    line.until(lambda: caught_up("archiver"))

    assert not (STORE / "archives" / batch).exists()
    assert line.get(f"/api/batches/{batch}")["archive"] is None
    assert line.call("GET", f"/api/batches/{batch}/download")[0] == 409


def test_built_again_it_has_the_same_bytes_and_found_again_the_same_event():
    """The projector is away, so that nobody knows yet that the archive was built."""
    topics, states = Topics("events"), Topics("batches")
    with stopped("archiver"):
        batch = line.submit(photos(2))
        line.finished(batch)

        def final(records):
            """the batch's last state"""
            return [m for m in records if m.value() and m.key().decode() == batch
                    and events.decode(m.value())[1]["completed_at"]]

        state = final(states.read_until(final))[0]
        stack("stop", "projector")
    try:
        path = STORE / f"archives/{batch}/1.zip"
        said, seen = [], []
        for times in (1, 2, 3):

            def it(records):
                """ArchiveBuilt, once more"""
                return len(built(records, batch)) >= times

            said = built(topics.read_until(it), batch)
            seen.append((path.stat().st_ino, path.read_bytes()))
            if times == 1:
                path.unlink()
            producer = Producer({"bootstrap.servers": BROKERS})
            producer.produce(PREFIX + "batches", state.value(), state.key(), state.partition())
            assert producer.flush(30) == 0
    finally:
        stack("start", "projector")
    (_, first), (built_again, second), (found_again, third) = seen
    assert first == second == third
    assert built_again == found_again
    assert said[1].value() == said[2].value()
    assert {events.decode(m.value())[1]["sha256"] for m in said} == {
        hashlib.sha256(first).hexdigest()}
    assert line.finished(batch, archive=True)["archive"]["size"] == len(first)
    topics.close()
    states.close()


def test_a_torn_archive_is_replaced():
    with stopped("archiver"):
        batch = line.submit(photos(1))
        line.finished(batch)
        torn = STORE / f"archives/{batch}/1.zip"
        torn.parent.mkdir()
        torn.write_bytes(b"PK\3\4 torn")
    line.finished(batch, archive=True)

    assert zipfile.ZipFile(torn).testzip() is None


@pytest.fixture(scope="module")
def lossy():
    """A batch of five whose outputs are gone, cut, changed, badly named, and well; one of which all
    is lost; and one behind them."""
    s = Story()
    s.letters = Topics("batches.dlq")
    with stopped("archiver"):
        s.batch = line.submit(photos(5))
        s.all_lost = line.submit(photos(2))
        line.finished(s.batch)
        line.finished(s.all_lost)
        by_name = {row[7]: row for row in outputs(s.batch)}
        s.gone, s.cut, s.changed, s.named, s.well = (by_name[p.name] for p in PHOTOS[:5])
        blob(s.gone[1]).unlink()
        blob(s.cut[1]).write_bytes(blob(s.cut[1]).read_bytes()[:-1])
        data = bytearray(blob(s.changed[1]).read_bytes())
        data[len(data) // 2] ^= 1
        blob(s.changed[1]).write_bytes(data)
        admin = re.sub(r"//\w+@", "//postgres@", os.environ["DATABASE_URL"])
        with psycopg.connect(admin) as db:
            db.execute("update batchline.outputs set name = '../../escaped.jpg'"
                       " where batch_id = %s and name = %s", [s.batch, s.named[0]])
        for row in outputs(s.all_lost):
            blob(row[1]).unlink()
        s.behind = line.submit(photos(1))
        line.finished(s.behind)
        with archiver(patience_s=2):
            s.last = line.finished(s.batch, archive=True)
            s.behind_last = line.finished(s.behind, archive=True)

            def letter(records):
                """the dead letter of the batch of which nothing is left"""
                return [m for m in records if m.key().decode() == s.all_lost]

            s.letter = letter(s.letters.read_until(letter))[0]
    s.zip = zipfile.ZipFile(io.BytesIO(download(s.batch)[1]))
    yield s
    s.letters.close()


def test_an_archive_does_without_what_is_lost_and_its_manifest_says_so(lossy):
    manifest = manifest_of(lossy.zip)

    assert lossy.zip.testzip() is None
    assert [f["name"] for f in manifest["files"]] == [lossy.well[0]]
    assert {f["file_name"]: f["error_code"] for f in manifest["missing_files"]} == {
        lossy.gone[7]: "output_missing", lossy.cut[7]: "output_damaged",
        lossy.changed[7]: "output_damaged", lossy.named[7]: "bad_output_name"}


def test_no_name_leads_out_of_the_folder(lossy):
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+/[A-Za-z0-9_-][A-Za-z0-9._-]*", name)
               for name in lossy.zip.namelist())


def test_a_batch_of_which_all_is_lost_is_a_dead_letter_and_the_next_gets_its_archive(lossy):
    assert dict(lossy.letter.headers())["dlq_code"] == b"outputs_lost"
    assert events.decode(lossy.letter.value())[1]["base_directory_name"]
    assert lossy.behind_last["archive"]["entries"] == 2


def test_an_output_that_comes_back_in_time_is_in_the_archive():
    with stopped("archiver"):
        batch = line.submit(photos(2))
        line.finished(batch)
        away = blob(outputs(batch)[0][1])
        away.rename(away.with_suffix(".away"))
        with archiver(patience_s=60):
            time.sleep(1)
            assert not (STORE / f"archives/{batch}").exists()
            away.with_suffix(".away").rename(away)
            assert line.finished(batch, archive=True)["archive"]["entries"] == 3
    assert manifest_of(zipfile.ZipFile(STORE / f"archives/{batch}/1.zip"))["missing_files"] == []


def test_a_store_that_is_away_is_waited_for_without_end():
    room, away = STORE / "outputs", STORE / "outputs-away"
    with stopped("renderer", "archiver"):
        stack("start", "renderer")
        batch = line.submit(photos(1))
        line.finished(batch)
        stack("stop", "renderer")
        room.rename(away)
        room.mkdir()
        try:
            with archiver(patience_s=0):
                time.sleep(2)
                assert not (STORE / f"archives/{batch}").exists()
                room.rmdir()
                away.rename(room)
                assert line.finished(batch, archive=True)["archive"]["entries"] == 2
        finally:
            if away.exists():
                room.rmdir()
                away.rename(room)


def test_a_retry_gives_the_batch_another_archive_and_the_first_stays_what_it_was():
    batch = line.submit([*photos(1), NOT_A_PICTURE])
    first = line.finished(batch, archive=True)["archive"]
    before = blob(first["uri"]).read_bytes()
    assert line.call("POST", f"/api/batches/{batch}/retry")[0] in (200, 202)

    def again():
        """the archive of the second run"""
        found = line.get(f"/api/batches/{batch}")
        return found["archive"] if found["archive"]["run_no"] == 2 else None

    second = line.until(again)
    assert second["uri"] == f"blob:archives/{batch}/2.zip"
    assert blob(first["uri"]).read_bytes() == before
    assert manifest_of(zipfile.ZipFile(blob(second["uri"])))["missing_jobs"][0]["attempt"] == 2


# ---- interrupted ----

LARGE = 384 << 20


@pytest.fixture(scope="module")
def large():
    """How a file of 384 MiB of nothing is described; packing it takes a second or two."""
    piece, crc32, sha256 = bytes(1 << 20), 0, hashlib.sha256()
    for _ in range(LARGE >> 20):
        crc32 = zlib.crc32(piece, crc32)
        sha256.update(piece)
    return {"view": "web", "media_type": "image/jpeg", "width": 1, "height": 1, "size": LARGE,
            "sha256": sha256.hexdigest(), "crc32": crc32}


def submit_large(output):
    """A batch whose one output is that file; the renderer and the archiver are away."""
    jobs = Topics("jobs")
    batch = line.submit(photos(1))

    def dispatched(records):
        """its job"""
        return [v for v in (events.decode(m.value())[1] for m in records)
                if str(v["batch_id"]) == batch]

    job = dispatched(jobs.read_until(dispatched))[0]
    jobs.close()
    name = f"{job['output_stem']}_web.jpg"
    uri = f"blob:outputs/{batch}/{job['job_id']}/1-large/{name}"
    blob(uri).parent.mkdir(parents=True)
    with open(blob(uri), "wb") as file:
        file.truncate(LARGE)
    value = events.encode("JobCompleted", {
        "event_id": uuid.uuid5(job["job_id"], "JobCompleted/1"), "occurred_at": job["occurred_at"],
        "batch_id": job["batch_id"], "job_id": job["job_id"], "run_no": 1, "attempt": 1,
        "worker": "test_archive", "outputs": [{**output, "name": name, "uri": uri}],
        "preview_uri": None, "duration_ms": 1})
    producer = Producer({"bootstrap.servers": BROKERS})
    producer.produce(PREFIX + "events", value, batch, job["partition"])
    assert producer.flush(30) == 0
    line.finished(batch)
    return batch


def pid_of_archiver():
    state = Path(os.environ.get("STACK_DIR", events.ROOT / ".stack")) / "run/state.json"
    rows = json.loads(state.read_text())["processes"]
    return {row["name"]: row["pid"] for row in rows}["archiver"]


def size_of(path):
    try:
        return path.stat().st_size
    except FileNotFoundError:       # a contact sheet, which has its name now
        return 0


def while_it_is_written(sent):
    """Sends the archiver a signal when a temporary file has grown beyond 8 MiB; its pid."""
    before = set((STORE / "tmp").iterdir())
    stack("start", "archiver")
    pid = pid_of_archiver()
    until = time.monotonic() + 60
    while not any(size_of(p) > 8 << 20 for p in set((STORE / "tmp").iterdir()) - before):
        assert time.monotonic() < until, "the archiver writes nothing"
    os.kill(pid, sent)
    return pid


def test_an_archiver_that_is_killed_leaves_no_torn_archive_and_builds_it_again(large):
    with stopped("renderer"):
        with stopped("archiver"):
            batch = submit_large(large)
            while_it_is_written(signal.SIGKILL)
            assert not (STORE / f"archives/{batch}/1.zip").exists()
        last = line.finished(batch, archive=True)
    path = blob(last["archive"]["uri"])

    assert zipfile.ZipFile(path).testzip() is None
    assert last["archive"]["size"] == path.stat().st_size > LARGE
    delete(batch)


def test_an_archiver_that_is_stopped_ends_at_once_and_builds_it_again(large):
    with stopped("renderer"):
        with stopped("archiver"):
            batch = submit_large(large)
            pid = while_it_is_written(signal.SIGTERM)
            line.until(lambda: not Path(f"/proc/{pid}").exists(), 10)
            assert not (STORE / f"archives/{batch}/1.zip").exists()
        assert line.finished(batch, archive=True)["archive"]["entries"] == 2
    delete(batch)


def test_a_batch_that_is_deleted_while_its_archive_is_built_leaves_nothing(large):
    with stopped("renderer"):
        with stopped("archiver"):
            batch = submit_large(large)
            pid = while_it_is_written(signal.SIGSTOP)
            delete(batch)
            line.until(lambda: is_swept(batch))
            os.kill(pid, signal.SIGCONT)
            line.until(lambda: caught_up("archiver"))
    line.until(lambda: is_swept(batch))


# ---- the janitor ----

def delete(batch):
    assert line.call("DELETE", f"/api/batches/{batch}")[0] in (202, 204)


def is_swept(batch):
    return not any((STORE / room / batch).exists() for room in ("outputs", "archives"))


def test_a_deleted_batch_leaves_no_outputs_and_no_archive_and_the_others_stay():
    batch, other = line.submit(photos(2)), line.submit(photos(2))
    line.finished(batch, archive=True)
    line.finished(other, archive=True)
    inputs = {hashlib.sha256(data).hexdigest() for _, data in photos(2)}
    delete(batch)
    line.until(lambda: is_swept(batch))

    assert all(blob(row[1]).exists() for row in outputs(other))
    assert download(other)[1]
    assert all((STORE / "sha256" / name).exists() for name in inputs)


def test_what_comes_late_for_a_deleted_batch_goes_too():
    batch = line.submit(photos(1))
    line.finished(batch, archive=True)
    delete(batch)
    line.until(lambda: is_swept(batch))
    late = STORE / "outputs" / batch / "job/1-late/late.jpg"
    late.parent.mkdir(parents=True)
    late.write_bytes(b"late")
    stack("restart", "janitor")
    line.until(lambda: is_swept(batch))


def test_a_tombstone_alone_removes_nothing():
    """Only the row decides: a batch that is not deleted keeps its files."""
    batch = line.submit(photos(1))
    line.finished(batch, archive=True)
    producer = Producer({"bootstrap.servers": BROKERS})
    producer.produce(PREFIX + "batches", None, batch)
    assert producer.flush(30) == 0
    line.until(lambda: caught_up("janitor"))

    assert all(blob(row[1]).exists() for row in outputs(batch))
    assert download(batch)[1]


def test_a_batch_that_was_deleted_before_the_archiver_came_gets_no_archive():
    with stopped("archiver"):
        batch = line.submit(photos(2))
        line.finished(batch)
        delete(batch)
        line.until(lambda: is_swept(batch))
    line.until(lambda: caught_up("archiver"))

    assert is_swept(batch)
