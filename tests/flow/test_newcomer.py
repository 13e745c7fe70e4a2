# SPDX-License-Identifier: Apache-2.0
"""Every line that README.md and docs/events.md tell a newcomer to type, typed: in a folder that holds
what `make demo` leaves, by a shell that knows nothing of the tests' own clients."""
import os
import re
import subprocess
import threading
import uuid
from pathlib import Path

import pytest

import line

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD", ROOT / "build")).absolute()
STACK = Path(os.environ.get("STACK_DIR", ROOT / ".stack")).absolute()
PAGES = {name: (ROOT / name).read_text() for name in ("README.md", "docs/events.md")}
UNTIL = 120


def typed(page):
    """The lines of the page that stand indented, or in a block behind a prompt."""
    lines, fence = [], None
    for words in PAGES[page].splitlines():
        if words.startswith("```"):
            fence = None if fence is not None else words[3:]
        elif found := re.match(r"    (\S.*)" if fence is None else r"\$ (.*)", words):
            lines.append(found[1])
    return lines


def programs(page):
    """{name: text} of the programs that the page shows, under the names it gives them."""
    return dict(re.findall(r"`(\w+\.\w+)`:\n+```\w+\n(.*?)```", PAGES[page], re.S))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """As a fresh clone after `make demo`: what is written stays here."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("docker", "docs", "schemas", "README.md"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "build").symlink_to(BUILD)
    (folder / ".stack").mkdir()
    (folder / ".stack/env").symlink_to(STACK / "env")
    return folder


def shell(checkout, text):
    """Without what the tests' environment adds to that of a login."""
    told = set(re.findall(r"^export (\w+)=", (STACK / "env").read_text(), re.M))
    env = {key: value for key, value in os.environ.items()
           if key not in told and not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    env["PATH"] = ":".join(part for part in env["PATH"].split(":") if ".stack" not in part)
    return subprocess.Popen(["sh", "-ec", text], cwd=checkout, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, start_new_session=True,
                            env={**env, "PYTHONUNBUFFERED": "1"})


def ended(batch):
    """The state of a batch that may not be there yet, once it is final."""
    line.until(lambda: line.call("GET", f"/api/batches/{uuid.UUID(batch)}")[0] == 200)
    return line.finished(batch)["status"]


def says(checkout, text):
    running = shell(checkout, text)
    said, errors = running.communicate(timeout=UNTIL)
    assert running.returncode == 0, errors
    return said


def test_the_first_program_of_the_readme_publishes_a_batch(checkout):
    (checkout / "first.py").write_text(programs("README.md")["first.py"])
    lines = [word for word in typed("README.md") if "python" in word]

    said = [says(checkout, word) for word in lines]

    assert ended(said[-1].strip()) == "completed"


@pytest.mark.parametrize("tool,name", [("python", "first.py"), ("node", "first.cjs")])
def test_the_programs_of_the_page_of_events_publish_batches(checkout, tool, name):
    (checkout / name).write_text(programs("docs/events.md")[name])
    lines = [word for word in typed("docs/events.md")
             if ("node" in word) == (tool == "node") and "follow" not in word]

    said = [says(checkout, word) for word in lines]

    assert len(said) == 2
    assert ended(said[-1].split()[-1]) == "completed"


def test_its_follower_names_them(checkout):
    (checkout / "follow.py").write_text(programs("docs/events.md")["follow.py"])
    lines = [word for word in typed("docs/events.md") if "follow" in word]
    name = line.get("/api/batches?status=completed&limit=1")["data"][0]["base_directory_name"]

    following = shell(checkout, f"exec sh -c '{lines[0].replace('; ', '; exec ')}'")
    threading.Timer(UNTIL, following.kill).start()
    named = any(words.split()[:2] == [name, "completed"] for words in following.stdout)
    following.kill()

    assert named, following.stderr.read()


def test_the_lines_of_the_demo_are_those_that_the_readme_shows(tmp_path):
    done = subprocess.run([ROOT / "docker/demo/run"], text=True, capture_output=True, timeout=UNTIL,
                          env={**os.environ, "BUILD": "build" if BUILD == ROOT / "build" else BUILD})
    subprocess.run([BUILD / "bin/batchline", "targets", "remove", "demo", "--yes"], check=True)
    assert done.returncode == 0, done.stderr

    def plain(words):
        words = re.sub(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b", "ID", words.replace(f"{BUILD}", "build"))
        return re.sub(r"\d{4}-\d\d-\d\dT[\d:]+", "TIME", words)

    shown = [plain(words) for words in re.findall(r"^\$ (.*)$", done.stdout, re.M)]
    told = [plain(words) for words in typed("README.md") if words.startswith(("build/", "unzip"))]
    assert len(told) == 4 and [words for words in shown if words in told] == told
    assert re.search(r"^receiver: batch.completed \S+ signature right$", done.stdout, re.M)


def test_no_line_is_left_out():
    """What is neither run here nor by the demo is an order to make, which test_docs.py knows."""
    for page in PAGES:
        for words in typed(page):
            assert re.search(r"python|node|^build/|^unzip|^make (demo|test)$", words), words
