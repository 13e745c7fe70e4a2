# SPDX-License-Identifier: Apache-2.0
"""The renderer by what it makes: every pipeline and format, and every picture that is none."""
import datetime
import hashlib
import io
import os
import subprocess
import uuid
import zlib
from pathlib import Path

import psycopg
import pytest
from PIL import Image

import events
import line
from test_events import Topics, a_submission, name_of, publish, send

Image.MAX_IMAGE_PIXELS = None
PHOTO = events.ROOT / "docker/demo/photos/PL_DXB_cat-portrait.jpg"


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def blob(uri):
    return Path(os.environ["BLOB_URI"].removeprefix("file://")) / uri.removeprefix("blob:")


def outputs(job):
    with psycopg.connect(os.environ["DATABASE_URL"]) as db:
        return db.execute("select view, name, uri, width, height, size, sha256, crc32, media_type"
                          " from batchline.outputs where job_id = %s order by view",
                          [job["id"]]).fetchall()


def case(name):
    return (events.ROOT / "tests/unit/pictures" / name).read_bytes()


photo = Image.open(PHOTO)
large = photo.resize((3000, 2000))
exif = Image.Exif()
exif[0x010f] = "the camera of a person"
GOOD = {
    "plain.jpg": saved(large, "JPEG", exif=exif),
    "alpha.png": saved(large.convert("RGBA").resize((2500, 900)), "PNG"),
    "cmyk.jpg": saved(large.convert("CMYK"), "JPEG"),
    "grey.tif": saved(photo.convert("L"), "TIFF"),
    "small.gif": saved(photo.resize((40, 30)), "GIF"),
    "web.webp": saved(photo, "WEBP"),
    "sixteen.png": saved(Image.new("I;16", (500, 400), 40000), "PNG"),
}
BAD = {
    "words.jpg": (b"not an image at all", "not_an_image"),
    "page.svg": (b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "unsupported_format"),
    "cut.jpg": (GOOD["plain.jpg"][:40000], "image_truncated"),
    "cut.png": (GOOD["alpha.png"][:40000], "image_damaged"),
    "float.tif": (case("float01.tif"), "unsupported_format"),
    "bomb.png": (saved(Image.new("1", (30000, 30000)), "PNG"), "image_too_large"),
}


@pytest.fixture(scope="module")
def three_views():
    batch = line.submit([(f"GO_{n}", d) for n, d in GOOD.items()], pipeline=2)
    return {job["file_name"]: job for job in line.finished(batch)["jobs"]}


@pytest.mark.parametrize("name", GOOD)
def test_a_picture_becomes_its_three_views(three_views, name):
    job = three_views[f"GO_{name}"]
    was = Image.open(io.BytesIO(GOOD[name]))

    assert (job["status"], job["attempt"], job["error_code"]) == ("completed", 1, None)
    made = {row[0]: row for row in outputs(job)}
    assert set(made) == {"hero", "square", "thumbnail"}
    shrink = min(1, 2048 / max(was.size))
    assert made["hero"][3:5] == tuple(round(side * shrink) for side in was.size)
    assert made["square"][3:5] == (1080, 1080)
    assert max(made["thumbnail"][3:5]) == min(320, max(was.size))


@pytest.mark.parametrize("name", GOOD)
def test_an_output_is_what_its_row_says(three_views, name):
    for view, file_name, uri, width, height, size, sha256, crc32, media in outputs(
            three_views[f"GO_{name}"]):
        data = blob(uri).read_bytes()
        image = Image.open(io.BytesIO(data))

        assert file_name == f"GO_{name.rsplit('.', 1)[0]}_{view}.{uri.rsplit('.', 1)[1]}"
        assert (len(data), hashlib.sha256(data).hexdigest(), zlib.crc32(data)) == (
            size, sha256, crc32)
        assert (image.size, image.get_format_mimetype(), image.mode) == (
            (width, height), media, "RGB" if image.mode != "RGBA" else "RGBA")
        assert b"the camera of" not in data, "what the camera wrote is nobody's business"


def test_every_picture_has_a_preview_that_fits_256(three_views):
    for job in three_views.values():
        status, headers, body = line.call("GET", f"/api/jobs/{job['id']}/preview")

        assert (status, headers["content-type"]) == (200, "image/jpeg")
        assert max(Image.open(io.BytesIO(body)).size) <= 256


@pytest.mark.parametrize("colour", [(200, 60, 40), (12, 9, 30)])
def test_colours_are_those_of_the_picture_whatever_its_profile(tmp_path, colour):
    """One colour as plain RGB, and the same in the numbers of Display P3."""
    plain, wide = tmp_path / "plain.png", tmp_path / "wide.png"
    Image.new("RGB", (300, 200), colour).save(plain)
    subprocess.run(["vips", "icc_transform", plain, wide, "p3", "--input-profile", "srgb"],
                   check=True)
    stored = Image.open(wide)
    assert stored.info["icc_profile"] and stored.getpixel((9, 9)) != colour

    batch = line.submit([("P_plain.png", plain.read_bytes()), ("P_wide.png", wide.read_bytes())])
    for job in line.finished(batch)["jobs"]:
        (_, _, uri, *_), = outputs(job)
        preview = line.call("GET", f"/api/jobs/{job['id']}/preview")[2]
        for data in (blob(uri).read_bytes(), preview):
            made = Image.open(io.BytesIO(data)).convert("RGB").getpixel((100, 100))
            assert all(abs(a - b) <= 3 for a, b in zip(made, colour)), (job["file_name"], made)


def test_the_web_pipeline_fits_2048_and_never_enlarges():
    batch = line.submit([("W_large.jpg", GOOD["plain.jpg"]), ("W_small.gif", GOOD["small.gif"])])
    one, other = line.finished(batch)["jobs"]

    assert [(o["view"], o["width"], o["height"]) for o in one["outputs"]] == [("web", 2048, 1365)]
    assert [(o["view"], o["width"], o["height"]) for o in other["outputs"]] == [("web", 40, 30)]


def refused(jobs):
    """Where this host gives commands no wall, as the renderer says: then they must be refused."""
    if "commands are refused" not in line.readiness("renderer"):
        return False
    assert {(j["status"], j["attempt"], j["error_code"]) for j in jobs} == {("failed", 1, "commands_refused")}
    return True


def test_the_command_pipeline_runs_its_program():
    batch = line.submit([("C_photo.jpg", GOOD["plain.jpg"])], pipeline=3)
    job, = line.finished(batch)["jobs"]

    if refused([job]):
        return
    assert [(o["name"], o["width"]) for o in job["outputs"]] == [("C_photo_out.png", 512)]


def test_a_command_that_fails_is_tried_three_times_and_its_words_are_kept():
    batch = line.submit([("C_words.jpg", b"not an image")], pipeline=3)
    job, = line.finished(batch)["jobs"]

    if refused([job]):
        return
    assert (job["status"], job["attempt"], job["error_code"]) == ("failed", 3, "command_failed")
    assert "is not a known file format" in job["error_message"]
    assert "exit code" in job["error_message"]
    attempts = line.get(f"/api/jobs/{job['id']}")["failed_attempts"]
    assert [(a["attempt"], a["error_code"], a["retryable"]) for a in attempts] == [
        (n, "command_failed", True) for n in (3, 2, 1)]
    assert all("is not a known file format" in a["error_message"] and a["worker"] for a in attempts)


def test_the_command_pipeline_keeps_the_rules_of_the_others():
    batch = line.submit([(f"K_{name}", case(name)) for name in ("meta.jpg", "cut.jpg")], pipeline=3)
    meta, cut = line.finished(batch)["jobs"]

    if refused([meta, cut]):
        return
    (_, _, uri, *_), = outputs(meta)
    assert b"EXIF" in case("meta.jpg").upper() and b"SECRET" in case("meta.jpg")
    for data in (blob(uri).read_bytes(),
                 line.call("GET", f"/api/jobs/{meta['id']}/preview")[2]):
        image = Image.open(io.BytesIO(data)).convert("RGB")
        assert b"SECRET" not in data and not image.getexif()
        assert all(abs(a - b) <= 12 for a, b in zip(image.getpixel((9, 9)), (220, 30, 30)))
    assert (cut["status"], cut["attempt"], cut["error_code"]) == ("failed", 1, "image_truncated")


RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 180, 40), (40, 60, 210), (230, 210, 40)
ODD = {    # size of the hero, and its colours at the quarters
    "5000x1.jpg": ((2048, 1), [(200, 100, 50)] * 4),
    "strip-1500x10.png": ((1500, 10), [(200, 100, 50)] * 4),
    "rgb-with-grey-icc.jpg": ((240, 180), [RED, GREEN, BLUE, YELLOW]),
    "grey-with-rgb-icc.jpg": ((64, 64), [(90,) * 3, (200,) * 3] * 2),
    "bad-sos.jpg": ((240, 180), [RED, GREEN, BLUE, YELLOW]),
    "no-eoi.jpg": ((240, 180), [RED, GREEN, BLUE, YELLOW]),
}


def quarters(data):
    image = Image.open(io.BytesIO(data)).convert("RGB")
    return [image.getpixel((int(image.width * x), int(image.height * y)))
            for y in (0.25, 0.75) for x in (0.25, 0.75)]


def test_odd_pictures_become_what_they_show():
    batch = line.submit([(f"O_{name}", case(name)) for name in ODD], pipeline=2)

    for job in line.finished(batch)["jobs"]:
        size, colours = ODD[job["file_name"].removeprefix("O_")]
        assert (job["status"], job["attempt"]) == ("completed", 1), job
        made = {row[0]: row for row in outputs(job)}
        assert made["hero"][3:5] == size and made["square"][3:5] == (1080, 1080)
        shown = [blob(made[view][2]).read_bytes() for view in ("hero", "square")]
        shown.append(line.call("GET", f"/api/jobs/{job['id']}/preview")[2])
        for data in shown:
            for is_, right in zip(quarters(data), colours):
                assert all(abs(a - b) <= 12 for a, b in zip(is_, right)), (job["file_name"], is_)


@pytest.fixture(scope="module")
def mixed():
    files = [("BAD_ok.jpg", PHOTO.read_bytes())] + [(f"BAD_{n}", d) for n, (d, _) in BAD.items()]
    return line.finished(line.submit(files))


@pytest.mark.parametrize("name", BAD)
def test_a_picture_that_cannot_be_read_fails_once_and_says_why(mixed, name):
    job, = [j for j in mixed["jobs"] if j["file_name"] == f"BAD_{name}"]

    assert (job["status"], job["attempt"]) == ("failed", 1)
    assert job["error_code"] == BAD[name][1] and job["error_message"]


def test_its_batch_is_partial_and_the_good_picture_is_there(mixed):
    assert (mixed["status"], mixed["jobs_completed"], mixed["jobs_failed"]) == (
        "partial", 1, len(BAD))
    assert mixed["jobs"][0]["status"] == "completed"


@pytest.mark.parametrize("source, code", [
    ("https://example.com/a.jpg", "unsupported_source"),
    ("s3://bucket/a.jpg", "unsupported_source"),
    ("blob:sha256/" + "0" * 64, "blob_not_found"),
])
def test_a_source_that_cannot_be_had_fails_the_job_alone(source, code):
    batch = publish(a_submission([{"file_name": "S_a.jpg", "source_uri": source},
                                  {"file_name": "S_b.jpg", "data": PHOTO.read_bytes()}]))
    line.until(lambda: line.call("GET", f"/api/batches/{batch}")[0] == 200)
    one, other = line.finished(batch)["jobs"]

    assert (one["status"], one["error_code"], other["status"]) == ("failed", code, "completed")


@pytest.fixture(scope="module")
def stated():
    """Inputs of which their sender says something, and the batch that they became."""
    data = PHOTO.read_bytes()
    right = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    there = {"source_uri": f"blob:sha256/{right['sha256']}"}
    said = {
        "right": {"data": data, **right},
        "there": {**there, **right},
        "nothing": there,
        "size": {**there, "size": len(data) + 1},
        "inline size": {"data": data, "size": 7},
        "sha256": {**there, "sha256": "0" * 64},
        "inline sha256": {"data": data, "sha256": "f" * 64},
    }
    batch = publish(a_submission([{"file_name": f"M_{name}.jpg", **file}
                                  for name, file in said.items()]))
    line.until(lambda: line.call("GET", f"/api/batches/{batch}")[0] == 200)
    found = line.finished(batch)
    return len(data), found, dict(zip(said, found["jobs"]))


@pytest.mark.parametrize("name", ["right", "there", "nothing"])
def test_an_input_is_shown_with_its_real_size(stated, name):
    size, _, jobs = stated

    assert (jobs[name]["status"], jobs[name]["size"]) == ("completed", size)


@pytest.mark.parametrize("name, code", [
    ("size", "size_mismatch"), ("inline size", "size_mismatch"),
    ("sha256", "sha256_mismatch"), ("inline sha256", "sha256_mismatch")])
def test_an_input_that_is_not_what_its_sender_says_fails_once(stated, name, code):
    job = stated[2][name]

    assert (job["status"], job["attempt"], job["error_code"]) == ("failed", 1, code)
    assert job["error_message"]


def test_a_batch_is_as_large_as_its_inputs(stated):
    _, batch, jobs = stated

    assert batch["total_size"] == sum(job["size"] or 0 for job in jobs.values())


def failure_of(**fields):
    """The JobFailed of an order that no projector would give; it is good UTF-8, or cannot be read."""
    topics = Topics("events")
    job, now = uuid.uuid4(), datetime.datetime.now(datetime.timezone.utc)
    order = {"event_id": uuid.uuid4(), "occurred_at": now, "batch_id": uuid.uuid4(), "job_id": job,
             "partition": 0, "run_no": 1, "attempt": 1, "position": 0, "file_name": "a.jpg",
             "output_stem": "a", "source_uri": "s3://b/a", "size": None, "sha256": None, "priority": 5,
             "pipeline_id": 1, "pipeline": "{}", "deadline_ms": 1000}
    with psycopg.connect(os.environ["DATABASE_URL"]) as db:
        order["pipeline"], = db.execute("select definition::text from batchline_base.pipelines"
                                        " where id = 1").fetchone()
    order.update(fields)
    send(events.encode("JobDispatched", order), str(job), topic="jobs")

    def there(records):
        """the failure"""
        values = [events.decode(m.value()) for m in records if m.value()]
        return [v for record, v in values if record == "JobFailed" and v["job_id"] == job]

    failed, = there(topics.read_until(there))
    topics.close()
    return failed


@pytest.mark.parametrize("source", ["blob:outputs/a/b/1-c/view_web.jpg", "blob:archives/a/1.zip",
                                    "blob:tmp/x", "blob:sha256/../outputs/a", "file:///etc/passwd"])
def test_a_renderer_reads_inputs_alone_whoever_asks(source):
    failed = failure_of(source_uri=source)

    assert (failed["error_code"], failed["retryable"]) == ("unsupported_source", False)


@pytest.mark.parametrize("fields, code", [
    ({"source_uri": "s3://" + "é" * 500}, "unsupported_source"),
    ({"pipeline": '{"views":[{"name":"' + "é" * 500 + '"}]}'}, "bad_pipeline"),
    ({"output_stem": "é" * 127}, "text_too_long")])
def test_a_failure_is_always_one_that_the_projector_takes_whoever_asks(stated, fields, code):
    there = stated[1]["jobs"][0]["source_uri"]
    failed = failure_of(**{"source_uri": there, **fields})

    assert (failed["error_code"], failed["retryable"]) == (code, False)
    assert 0 < len(failed["error_message"].encode()) <= 2000


def test_what_is_no_order_on_jobs_becomes_a_dead_letter_and_the_rest_goes_on():
    topics = Topics("jobs.dlq")
    job = uuid.uuid4()
    send(b"\xc3\x01 rubbish", str(job), topic="jobs")
    batch = line.submit([("D_a.jpg", PHOTO.read_bytes())])

    def there(records):
        """the dead letter"""
        return [m for m in records if m.key() == str(job).encode()]

    letter, = there(topics.read_until(there))
    topics.close()
    headers = {k: v.decode() for k, v in letter.headers()}
    assert name_of(letter) == "jobs.dlq" and letter.value() == b"\xc3\x01 rubbish"
    assert headers["dlq_group"] == "batchline-renderer"
    assert headers["dlq_code"] == "unknown_schema" and headers["dlq_message"]
    assert line.finished(batch)["status"] == "completed"
