# SPDX-License-Identifier: Apache-2.0
"""Outputs whose kind the input decides, and animations: as they lie in the archive, with names and
media types that say what they are."""
import io
import zipfile

import pytest
from PIL import Image

import line
from gateway import get
from test_pipelines import make, name
from test_renders import case, outputs

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
