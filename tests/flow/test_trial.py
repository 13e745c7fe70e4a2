# SPDX-License-Identifier: Apache-2.0
"""A definition tried on pictures before it is a pipeline: by the command line, with neither gateway nor
Kafka, and in the cage all the same."""
import hashlib
import json
import shutil
import subprocess

import pytest
from PIL import Image

from test_cli import CLI, cli
from test_renders import case

PICTURES = {"a.jpg": "no-eoi.jpg", "b.gif": "clip.gif"}
NOWHERE = "http://127.0.0.1:9"		# nobody is asked


def view(name, *operations, **more):
    return {"name": name, "operations": list(operations), "format": "png", **more}


@pytest.fixture
def tried(tmp_path):
    """Writes the definition and the pictures; runs the test of them."""
    for name, file in PICTURES.items():
        (tmp_path / name).write_bytes(case(file))

    def run(views, *words, pictures=PICTURES):
        (tmp_path / "it.json").write_text(json.dumps({"views": views}))
        return cli("pipelines", "test", "it.json", *pictures, *words, url=NOWHERE, cwd=tmp_path)
    run.folder = tmp_path
    return run


def test_every_view_of_every_picture_lies_in_the_folder(tried):
    run = tried([view("small", {"operation": "thumbnail_image", "width": 40}),
                 view("like", format="same", animated=True)])

    assert (run.returncode, run.stderr) == (0, "")
    assert sorted(p.name for p in (tried.folder / "tried").iterdir()) == [
        "a_like.jpg", "a_small.png", "b_like.gif", "b_small.png"]
    assert Image.open(tried.folder / "tried/a_small.png").width == 40
    assert Image.open(tried.folder / "tried/b_like.gif").n_frames == 3
    assert "a_small.png: 40 x 30, " in run.stdout


def test_programs_are_told_in_one_value(tried):
    (tried.folder / "cut.jpg").write_bytes(case("cut.jpg"))
    run = tried([view("v")], "--json", "-o", "x", pictures=["a.jpg", "cut.jpg"])

    good, bad = json.loads(run.stdout)["data"]
    [output] = good["outputs"]
    assert run.returncode == 3
    assert (output["name"], output["media_type"]) == ("a_v.png", "image/png")
    assert output["size"] == (tried.folder / "x/a_v.png").stat().st_size
    assert bad["error_code"] == "image_truncated"


def test_a_picture_that_cannot_be_rendered_leaves_nothing_and_the_others_are_there(tried):
    (tried.folder / "words.jpg").write_bytes(b"not an image")
    run = tried([view("v")], pictures=["words.jpg", "a.jpg", "nowhere.jpg", "./a.jpg"])

    assert run.returncode == 3
    assert [p.name for p in (tried.folder / "tried").iterdir()] == ["a_v.png"]
    assert "words.jpg: not_an_image: " in run.stderr
    assert "nowhere.jpg: no_file: " in run.stderr
    assert "./a.jpg: same_name: " in run.stderr


def test_a_wrong_definition_is_told_by_its_member_and_nothing_is_made(tried):
    run = tried([view("v", format="bmp")])

    assert (run.returncode, run.stdout) == (1, "")
    assert "it.json: views[0].format: is not jpeg" in run.stderr
    assert not (tried.folder / "tried").exists()


def test_an_asset_is_the_file_that_has_its_hash(tried):
    (tried.folder / "mark.png").write_bytes(case("badge.png"))
    over = {"operation": "composite", "asset": hashlib.sha256(case("badge.png")).hexdigest(),
            "gravity": "north-west", "scale": 1}

    good = tried([view("v", over)], "--asset", "mark.png")
    missing = tried([view("v", over)])
    unknown = tried([view("v")], "--asset", "mark.png")

    assert good.returncode == 0
    picture = Image.open(tried.folder / "tried/a_v.png").convert("RGB")
    assert picture.getpixel((picture.width - 5, 5)) == (220, 30, 30)
    assert (missing.returncode, over["asset"] in missing.stderr) == (2, True)
    assert (unknown.returncode, "names no asset" in unknown.stderr) == (2, True)


def test_words_are_drawn_with_the_fonts_of_this_machine(tried):
    words = {"operation": "text", "text": "\u2588\u2588", "scale": 1, "colour": [1, 200, 3]}

    run = tried([view("v", words)])

    assert run.returncode == 0, run.stderr
    picture = Image.open(tried.folder / "tried/a_v.png").convert("RGB")
    assert picture.getpixel((picture.width // 2, picture.height // 2)) == (1, 200, 3)


def test_the_limits_are_those_of_the_service(tried):
    def run(**environment):
        return cli("pipelines", "test", "it.json", "a.jpg", url=NOWHERE, cwd=tried.folder, **environment)
    tried([view("v")])

    assert "image_too_large" in run(BATCHLINE_PIXELS_MAX="1000").stderr
    wrong = run(BATCHLINE_PIXELS_MAX="many")
    assert (wrong.returncode, "BATCHLINE_PIXELS_MAX" in wrong.stderr) == (2, True)


def test_where_no_renderer_is_installed_that_is_said(tried):
    tried([view("v")])
    alone = tried.folder / "bin"
    alone.mkdir()
    shutil.copy(CLI, alone / "batchline")

    run = subprocess.run([alone / "batchline", "pipelines", "test", "it.json", "a.jpg"],
                         cwd=tried.folder, env={"PATH": str(alone)}, capture_output=True, text=True)

    assert (run.returncode, "batchline-renderer is not installed here" in run.stderr) == (1, True)


def test_what_is_not_said_is_asked_for(tried):
    assert tried([view("v")], pictures=[]).returncode == 2
    assert cli("pipelines", "test", "nowhere.json", "a.jpg", url=NOWHERE, cwd=tried.folder).returncode == 1
