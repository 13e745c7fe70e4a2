#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pipelines.py [DIR]: makes the pictures of docs/pipelines.md again, by `batchline pipelines test`.

Each block of JSON there, operations or a whole view, has its picture below it, and is rendered from the
demo's coffee, or from the picture whose name stands beside the block's "json". BUILD says where the
programs are."""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parent
CLI = Path(os.environ.get("BUILD", DOCS.parent / "build")).absolute() / "bin/batchline"
PHOTO = DOCS.parent / "docker/demo/photos/PL_DXB_coffee-bar.jpg"
MARK = DOCS / "pictures/mark.png"
BLOCK = re.compile(r"^```json ?(\S*)\n(.*?)^```\n+!\[.*?\]\(pictures/([a-z-]+)\.([a-z]+)\)", re.M | re.S)
FORMATS = {"jpg": "jpeg", "png": "png", "webp": "webp", "gif": "gif"}


def blocks():
    """(name of the picture, its input, its view)"""
    for source, text, name, end in BLOCK.findall((DOCS / "pipelines.md").read_text()):
        said = json.loads(text)
        view = {"operations": said} if isinstance(said, list) else said
        view = {"format": FORMATS[end], "options": {"Q": 75} if end == "jpg" else {}, **view}
        yield f"{name}.{end}", source, {"name": name, **view}


def render(folder, picture, source, view):
    with tempfile.TemporaryDirectory() as place:
        definition = Path(place) / "it.json"
        definition.write_text(json.dumps({"views": [view]}))
        asset = ["--asset", MARK] if "composite" in definition.read_text() else []
        given = folder / source if (folder / source).is_file() else DOCS / "pictures" / source
        done = subprocess.run([CLI, "pipelines", "test", definition, given if source else PHOTO, "-o", place,
                               "--json", *asset], capture_output=True, text=True)
        assert done.returncode == 0, (picture, done.stdout, done.stderr)
        [output] = json.loads(done.stdout)["data"][0]["outputs"]
        (folder / picture).write_bytes((Path(place) / output["name"]).read_bytes())


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS / "pictures"
    for picture, source, view in blocks():
        render(folder, picture, source, view)


if __name__ == "__main__":
    main()
