# SPDX-License-Identifier: Apache-2.0
"""The contact sheet of a batch: what stands on it, who gets it, and what becomes of the archive when it
cannot be drawn."""
import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import uuid
import zipfile
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

import line
from gateway import ask, get
from test_archive import NOT_A_PICTURE, PHOTOS, PROGRAM, STORE, download, photos, stopped

MARGIN, HEAD, CELL, GAP, NAME = 24, 76, 256, 16, 20     # as lib/batch/sheet.h has them
RENDERER = PROGRAM.with_name("batchline-renderer")


def sheet_of(batch):
    answer = get(f"/api/batches/{batch}/sheet")
    assert answer.status == 200, answer.body
    return Image.open(io.BytesIO(answer.body))


def cell(sheet, i, columns=3):
    x, y = MARGIN + i % columns * (CELL + GAP), MARGIN + HEAD + i // columns * (CELL + NAME + GAP)
    return sheet.crop((x, y, x + CELL, y + CELL))


def is_grey(picture):
    """One grey, but for the words in its middle."""
    corners = [picture.getpixel(at) for at in ((4, 4), (250, 4), (4, 250), (128, 60))]
    return all(max(abs(v - 212) for v in c) < 6 for c in corners)


def has_ink(sheet, box):
    return sheet.crop(box).convert("L").getextrema()[0] < 120


def lying(batch, run=1):
    return STORE / "archives" / batch / f"{run}.jpg"


@pytest.fixture(scope="module")
def six():
    files = [(f"PL_DXB_{i}.jpg", PHOTOS[i].read_bytes()) for i in range(6)]
    return line.finished(line.submit(files), archive=True)


def test_a_batch_of_six_has_two_rows_of_three_with_a_name_under_each(six):
    sheet = sheet_of(six["id"])
    assert (sheet.format, sheet.mode) == ("JPEG", "RGB")
    assert sheet.size == (2 * MARGIN + 3 * (CELL + GAP) - GAP,
                          2 * MARGIN + HEAD + 2 * (CELL + NAME + GAP) - GAP)
    assert has_ink(sheet, (MARGIN, MARGIN, 400, MARGIN + 36))
    for i in range(6):
        x, y = MARGIN + i % 3 * (CELL + GAP), MARGIN + HEAD + i // 3 * (CELL + NAME + GAP)
        assert has_ink(sheet, (x, y + CELL, x + CELL, y + CELL + NAME)), i
        assert not is_grey(cell(sheet, i)), i


def test_each_cell_shows_the_preview_of_its_job_in_order(six):
    sheet = sheet_of(six["id"])
    for i, job in enumerate(get(f"/api/batches/{six['id']}/jobs").json()["data"]):
        preview = Image.open(io.BytesIO(get(f"/api/jobs/{job['id']}/preview").body)).convert("RGB")
        left, top = (CELL - preview.width) // 2, (CELL - preview.height) // 2
        shown = cell(sheet, i).crop((left, top, left + preview.width, top + preview.height))
        off = ImageStat.Stat(ImageChops.difference(shown, preview)).mean
        assert max(off) < 8, (i, job["file_name"], off)


def test_it_has_no_words_of_people_in_it_beside_its_pixels(six):
    assert not {"exif", "comment", "xmp", "icc_profile"} & set(sheet_of(six["id"]).info)


def test_it_is_shown_and_not_saved_and_any_part_of_it_can_be_had(six):
    path = f"/api/batches/{six['id']}/sheet"
    whole = get(path)
    assert whole.headers["Content-Type"] == "image/jpeg"
    assert whole.headers["Content-Disposition"] == f'inline; filename="{six["base_directory_name"]}.jpg"'
    assert whole.headers["ETag"] == f'"{hashlib.sha256(whole.body).hexdigest()}"'
    part = ask("GET", path, headers={"Range": "bytes=2-9"})
    assert (part.status, part.body) == (206, whole.body[2:10])
    assert ask("GET", path, headers={"If-None-Match": whole.headers["ETag"]}).status == 304


def test_what_was_not_rendered_is_a_grey_cell_with_its_name():
    batch = line.submit([*photos(2), NOT_A_PICTURE, *photos(3)[2:]])
    line.finished(batch, archive=True)
    sheet = sheet_of(batch)
    assert [is_grey(cell(sheet, i)) for i in range(4)] == [False, False, True, False]
    x, y = MARGIN + 2 * (CELL + GAP), MARGIN + HEAD
    assert has_ink(sheet, (x, y + CELL, x + CELL, y + CELL + NAME))
    assert has_ink(sheet, (x + 40, y + 100, x + CELL - 40, y + 156))       # "failed"


def test_a_batch_of_which_nothing_was_rendered_has_none():
    batch = line.submit([NOT_A_PICTURE])
    line.finished(batch)
    answer = get(f"/api/batches/{batch}/sheet")
    assert (answer.status, answer.problem()) == (409, "no-outputs")


def test_a_retry_makes_a_new_one():
    batch = line.submit([*photos(1), NOT_A_PICTURE])
    line.finished(batch, archive=True)
    assert ask("POST", f"/api/batches/{batch}/retry").status in (200, 202)
    line.until(lambda: lying(batch, 2).exists() and get(f"/api/batches/{batch}").json()["archive"])
    assert get(f"/api/batches/{batch}/sheet").body == lying(batch, 2).read_bytes()


def test_it_goes_with_its_batch():
    batch = line.submit(photos(1))
    line.finished(batch, archive=True)
    assert lying(batch).exists()
    assert ask("DELETE", f"/api/batches/{batch}").status == 204
    assert get(f"/api/batches/{batch}/sheet").problem() == "not-found"
    line.until(lambda: not lying(batch).exists())


def pipeline_with(value):
    answer = ask("POST", "/api/pipelines", json_body={"name": f"sheet-{uuid.uuid4().hex[:8]}", "definition": {
        "contact_sheet": value, "views": [{"name": "web", "operations": [], "format": "jpeg"}]}})
    return answer


def test_it_is_in_the_archive_and_its_manifest_when_the_pipeline_says_so():
    pipeline = pipeline_with(True).json()["id"]
    batch = line.submit([*photos(2), NOT_A_PICTURE], pipeline=pipeline)
    done = line.finished(batch, archive=True)
    body = download(batch)[1]
    archive = zipfile.ZipFile(io.BytesIO(body))
    folder, sheet = done["base_directory_name"], get(f"/api/batches/{batch}/sheet").body
    assert archive.namelist()[:2] == [f"{folder}/manifest.json", f"{folder}/contact-sheet.jpg"]
    assert len(archive.namelist()) == done["archive"]["entries"] == 4
    assert archive.read(f"{folder}/contact-sheet.jpg") == sheet
    assert json.loads(archive.read(f"{folder}/manifest.json"))["contact_sheet"] == {
        "name": "contact-sheet.jpg", "size": len(sheet), "sha256": hashlib.sha256(sheet).hexdigest()}


@pytest.mark.parametrize("value", [1, "yes", None])
def test_what_is_neither_true_nor_false_is_refused(value):
    answer = pipeline_with(value)
    assert answer.status in (400, 422) and b"contact_sheet" in answer.body


def test_without_that_it_is_not_in_the_archive(six):
    archive = zipfile.ZipFile(io.BytesIO(download(six["id"])[1]))
    assert not [name for name in archive.namelist() if name.endswith("contact-sheet.jpg")]
    assert "contact_sheet" not in json.loads(archive.read(archive.namelist()[0]))


def test_the_command_line_fetches_it_under_the_name_of_the_batch(six, tmp_path):
    done = subprocess.run([PROGRAM.with_name("batchline"), "download", six["id"], "--sheet"], cwd=tmp_path,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    path = tmp_path / f"{six['base_directory_name']}.jpg"
    assert path.read_bytes() == get(f"/api/batches/{six['id']}/sheet").body


# ---- with another renderer beside the archiver ----

@contextlib.contextmanager
def archiver(tmp_path, renderer, **options):
    """In place of the stack's own, with that shell script as batchline-renderer beside it; None: without."""
    program = tmp_path / PROGRAM.name
    shutil.copy(PROGRAM, program)
    if renderer:
        (tmp_path / RENDERER.name).write_text(f"#!/bin/sh\n{renderer}\n")
        (tmp_path / RENDERER.name).chmod(0o755)
    env = {**os.environ, "BATCHLINE_INSTANCE": "archiver-1", "BATCHLINE_LOG_LEVEL": "debug",
           "DATABASE_URL": re.sub(r"//\w+@", "//batchline_archiver@", os.environ["DATABASE_URL"]), **options}
    with stopped("archiver"), open(tmp_path / "log", "w") as log:
        process = subprocess.Popen([program], env=env, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("renderer", [None, "exit 1", "kill -9 $$"])
def test_a_sheet_that_cannot_be_drawn_keeps_no_archive_back(tmp_path, renderer):
    with archiver(tmp_path, renderer):
        batch = line.submit(photos(2))
        line.finished(batch, archive=True)
        assert len(download(batch)[1]) > 1000
        assert get(f"/api/batches/{batch}/sheet").problem() == "not-found"
        assert "no contact sheet" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("wanted_inside", [False, True])
def test_one_who_draws_without_end_is_ended_and_the_archive_is_there(tmp_path, wanted_inside):
    pipeline = pipeline_with(wanted_inside).json()["id"]
    with archiver(tmp_path, f"echo $$ >>{tmp_path}/pids; exec sleep 600", BATCHLINE_SHEET_S="1"):
        batch = line.submit(photos(2), pipeline=pipeline)
        done = line.finished(batch, archive=True)
        assert done["archive"]["entries"] == 3
        assert get(f"/api/batches/{batch}/sheet").problem() == "not-found"
        assert "it took longer than 1 s" in (tmp_path / "log").read_text()
        pids = (tmp_path / "pids").read_text().split()
        assert len(pids) == 2 and not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_the_zip_is_written_while_the_sheet_is_drawn(tmp_path):
    """Whoever draws waits for the ZIP; it would wait until it is ended, if the ZIP waited for it."""
    drawn = f"until ls {STORE}/archives/$(cat {tmp_path}/batch)/*.zip; do sleep 0.1; done 2>/dev/null; echo $1"
    with archiver(tmp_path, f"({drawn}) >>{tmp_path}/seen; exec {RENDERER} \"$@\"", BATCHLINE_SHEET_S="30"):
        batch = line.submit(photos(2))
        (tmp_path / "batch").write_text(batch)
        line.finished(batch, archive=True)
    assert "--sheet\n" in (tmp_path / "seen").read_text()
    assert sheet_of(batch).size[0] == 2 * MARGIN + 3 * (CELL + GAP) - GAP


def test_a_process_that_draws_gets_nothing_of_the_archivers_but_what_it_is_meant_to_have(tmp_path):
    with archiver(tmp_path, f"(echo $1; env; ls -l /proc/$$/fd) >>{tmp_path}/seen; exit 1"):
        batch = line.submit(photos(1))
        line.finished(batch, archive=True)
    seen = (tmp_path / "seen").read_text()
    assert "--sheet-words" in seen and "--sheet\n" in seen
    assert "postgres" not in seen and "KAFKA" not in seen and "BLOB_URI" not in seen
    assert "socket:" not in seen and "eventpoll" not in seen


def test_an_archiver_that_is_killed_while_it_is_drawn_leaves_nothing_and_the_next_draws_it(tmp_path):
    with archiver(tmp_path, f"echo $$ >>{tmp_path}/pids; exec sleep 60") as process:
        batch = line.submit(photos(2))
        line.until(lambda: (tmp_path / "pids").exists())
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not lying(batch).exists()
    for pid in (tmp_path / "pids").read_text().split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    line.finished(batch, archive=True)
    assert sheet_of(batch).size[0] == 2 * MARGIN + 3 * (CELL + GAP) - GAP
