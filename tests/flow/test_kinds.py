# SPDX-License-Identifier: Apache-2.0
"""Outputs whose kind the input decides, and animations: as they lie in the archive, with names and
media types that say what they are."""
import hashlib
import io
import zipfile

import pytest
from PIL import Image

import line
from gateway import ask, get
from test_pipelines import make, name
from test_renders import blob, case, outputs, saved

__all__ = ["name"]
SAME = {"views": [{"name": "like", "format": "same", "animated": True, "operations": [
    {"operation": "thumbnail_image", "width": 30, "height": 30}]}]}
INPUTS = {"a.jpeg": "no-eoi.jpg", "b.png": "meta.png", "c.tif": "meta.tif", "d.gif": "clip.gif",
          "e.bin": "clip.webp"}
OUTPUTS = {"a": ("jpg", "image/jpeg", 1), "b": ("png", "image/png", 1), "c": ("tif", "image/tiff", 1),
           "d": ("gif", "image/gif", 3), "e": ("webp", "image/webp", 3)}


@pytest.fixture
def rendered(name):
    pipeline = make(name, SAME).json()["id"]
    batch = line.submit([(name, case(file)) for name, file in INPUTS.items()], pipeline=pipeline)
    return batch, line.finished(batch, archive=True)


def test_an_output_is_the_same_as_its_input_in_kind_name_and_media_type(rendered):
    batch, found = rendered

    archive = zipfile.ZipFile(io.BytesIO(get(f"/api/batches/{batch}/download").body))

    assert found["status"] == "completed"
    for job in found["jobs"]:
        stem = job["file_name"][0]
        end, media_type, frames = OUTPUTS[stem]
        [row] = outputs(job)
        [file] = [n for n in archive.namelist() if n.endswith(f"{stem}_like.{end}")]
        image = Image.open(archive.open(file))
        assert (row[8], row[3:5]) == (media_type, image.size)
        assert Image.MIME[image.format] == media_type
        assert getattr(image, "n_frames", 1) == frames


# ---- assets: a picture of the pipeline's own, over each ----

def over(asset):
    return {"views": [{"name": "one", "format": "png", "operations": [
        {"operation": "pad", "width": 100, "height": 100},
        {"operation": "composite", "asset": asset, "gravity": "south-east", "x": 5, "y": 5}]}]}


def stored(colour):
    picture = saved(Image.new("RGB", (20, 10), colour), "PNG")
    return ask("POST", "/api/blobs", picture,
               {"Content-Type": "image/png"}).json()["sha256"]


def test_an_asset_lies_over_every_picture(name):
    pipeline = make(name, over(stored((1, 200, 3)))).json()["id"]

    batch = line.submit([("a.jpg", case("no-eoi.jpg"))], pipeline=pipeline)

    [job] = line.finished(batch)["jobs"]
    [row] = outputs(job)
    image = Image.open(blob(row[2])).convert("RGB")
    assert [image.getpixel(at) for at in ((76, 86), (94, 94), (96, 96))] == [
        (1, 200, 3), (1, 200, 3), (255, 255, 255)]


def test_words_lie_over_every_picture_of_every_view(name):
    block = {"operation": "text", "text": "\u2588", "colour": [1, 200, 3], "size": 40,
             "font": "DejaVu Sans Bold", "gravity": "south-east"}
    views = [{"name": n, "format": "png", "operations": [{"operation": "pad", "width": 100, "height": side},
                                                         {**block, "x": x}]}
             for n, side, x in (("one", 100, 0), ("two", 80, 9))]
    pipeline = make(name, {"views": views}).json()["id"]

    batch = line.submit([(f"{i}.jpg", case("no-eoi.jpg")) for i in range(3)], pipeline=pipeline)

    found = line.finished(batch)
    assert found["status"] == "completed"
    for job in found["jobs"]:
        one, two = (Image.open(blob(row[2])).convert("RGB") for row in outputs(job))
        assert one.getpixel((95, 90)) == two.getpixel((86, 70)) == (1, 200, 3)
        assert two.getpixel((97, 78)) == (255, 255, 255)


def test_words_that_nobody_could_see_are_refused_by_their_member(name):
    bad = make(name, {"views": [{"name": "one", "format": "png", "operations": [
        {"operation": "text", "text": " \n "}]}]})

    assert bad.status == 400
    assert "views[0].operations[0].text" in str(bad.json()["errors"])


def test_a_definition_whose_asset_is_not_in_the_store_is_refused_by_its_member(name):
    answer = make(name, over(hashlib.sha256(name.encode()).hexdigest()))

    assert answer.fields() == ["definition.views[0].operations[1].asset"]
    assert "not in the store" in answer.json()["errors"][0]["detail"]


def test_an_asset_that_is_lost_fails_the_job_and_says_so(name):
    asset = stored((4, 5, 6))
    pipeline = make(name, over(asset)).json()["id"]
    blob(f"blob:sha256/{asset}").unlink()

    batch = line.submit([("a.jpg", case("no-eoi.jpg"))], pipeline=pipeline)

    [job] = line.finished(batch)["jobs"]
    assert (job["error_code"], job["attempt"]) == ("asset_missing", 1)
    assert asset in job["error_message"]
