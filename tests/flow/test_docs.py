# SPDX-License-Identifier: Apache-2.0
"""What the pages say is there: links, manual pages, options, numbers of lines."""
import os
import re
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("BUILD", ROOT / "build")).absolute() / "bin"
PROGRAMS = sorted(path.name for path in BIN.glob("batchline*"))
PAGES = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                       cwd=ROOT, capture_output=True, text=True).stdout.split()


def told(program, *arguments):
    done = subprocess.run([BIN / program, *arguments, "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    return done.stdout


def manual(program):
    """The page as a person reads it, on one long line."""
    done = subprocess.run(["man", "-l", ROOT / "docs/man" / f"{program}.1"], capture_output=True,
                          text=True, env={**os.environ, "MANWIDTH": "1000", "MANPAGER": "cat",
                                          "MAN_KEEP_FORMATTING": "", "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0, done.stderr
    return done.stdout.replace("\u2010", "-").replace("\u2212", "-")


def anchors(page):
    heads = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^a-z0-9 _-]", "", head.lower()).replace(" ", "-") for head in heads}


def test_there_is_something_to_look_at():
    assert len(PROGRAMS) >= 6 and len(PAGES) >= 8


@pytest.mark.parametrize("page", PAGES)
def test_its_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(), flags=re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_has_a_manual_page_without_complaints(program):
    done = subprocess.run(["man", "--warnings", "-l", ROOT / "docs/man" / f"{program}.1"],
                          capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{program} - " in manual(program)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_option_of_its_help_stands_in_the_manual_page(program):
    text, words = told(program), set(re.findall(r"[A-Za-z0-9_-]+", manual(program)))
    named = set(re.findall(r"^ +(?:-\w, )?(--[a-z][a-z-]+)", text, re.M))
    named |= set(re.findall(r"^  ([A-Z][A-Z_]{3,})\b", text, re.M)) - {"COMMAND", "BATCH"}
    if program == "batchline":
        commands = re.findall(r"^  ([a-z]+) {2,}\w", text, re.M)
        commands += [part for command in commands
                     for part in re.findall(rf"^  ({command} [a-z]+) {{2,}}\w", told(program, command), re.M)]
        assert "targets add" in commands
        for command in commands:
            named |= set(command.split())
            named |= set(re.findall(r"^ +(?:-\w, )?(--[a-z][a-z-]+)",
                                    told(program, *command.split()), re.M))
    assert len(named) > 5
    assert named <= words, sorted(named - words)


def test_the_tables_of_options_are_what_the_programs_say():
    done = subprocess.run([ROOT / "docs/options.py", "--check"], capture_output=True, text=True,
                          env={**os.environ, "BUILD": str(BIN.parent)})
    assert (done.returncode, done.stderr) == (0, "")


def test_every_metric_that_is_told_stands_in_the_page_of_operating():
    page = (ROOT / "docs/operate.md").read_text()
    sources = "".join(path.read_text() for path in ROOT.glob("*/*/*.c"))
    sources += "".join(path.read_text() for path in ROOT.glob("lib/*.c"))
    names = set(re.findall(r'"(batchline_\w+)", (?:NULL|"\w+=\\")', sources))
    assert len(names) > 10
    assert {name for name in names if name not in page} == set()


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) < 120


def test_the_first_event_is_the_one_of_the_events_page():
    """Whose lines are run by test_events.py."""
    shown = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert len(shown) == 1 and shown[0] in (ROOT / "docs/events.md").read_text()


@pytest.mark.parametrize("page", PAGES)
def test_every_order_to_make_and_to_the_stack_is_one_they_take(page):
    text = (ROOT / page).read_text()
    targets = set(re.findall(r"^([a-z -]+):", (ROOT / "Makefile").read_text(), re.M))
    targets = {word for line in targets for word in line.split()}
    usage = subprocess.run([ROOT / "docker/stack", "--help"], capture_output=True, text=True).stdout
    for target in re.findall(r"`make ([a-z-]+)|^(?:    |\$ )make ([a-z-]+)", text, re.M):
        assert "".join(target) in targets
    for order in re.findall(r"(?:`|    )docker/stack ([a-z]+)", text):
        assert re.search(rf"^  (\w+ NAME; )?{order}\b|; {order} NAME", usage, re.M), order


def test_decisions_are_numbered_one_after_the_other():
    pages = sorted(path.name for path in (ROOT / "docs/decisions").glob("*.md"))
    assert [int(name[:4]) for name in pages] == list(range(1, len(pages) + 1))
    for number, name in enumerate(pages, 1):
        text = (ROOT / "docs/decisions" / name).read_text()
        assert text.startswith(f"# {number}. ")
        for part in ("**Problem.**", "**Choice.**", "**Price.**"):
            assert part in text, name


# ---- docs/pipelines.md: what it shows is what the program makes ----

@pytest.fixture(scope="module")
def remade(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    subprocess.run([ROOT / "docs/pipelines.py", folder], check=True, env={**os.environ, "BUILD": str(BIN.parent)})
    return {path.name: path for path in folder.iterdir()}


def test_every_picture_of_the_page_is_what_its_operations_make(remade):
    shown = re.findall(r"\]\(pictures/([^)]+)\)", (ROOT / "docs/pipelines.md").read_text())

    assert sorted(remade) == sorted(shown)
    for name, path in remade.items():
        made, there = Image.open(path), Image.open(ROOT / "docs/pictures" / name)
        assert (made.size, getattr(made, "n_frames", 1)) == (there.size, getattr(there, "n_frames", 1))
        away = ImageStat.Stat(ImageChops.difference(made.convert("RGB"), there.convert("RGB"))).mean
        assert max(away) < 8, (name, away)	# another libvips rounds otherwise


def test_every_operation_has_its_place_on_the_page():
    operations = re.findall(r'^\t\{ "([a-z_]+)", RULES', (ROOT / "lib/pipeline/operations.c").read_text(), re.M)
    page = (ROOT / "docs/pipelines.md").read_text()

    assert len(operations) > 20
    assert [o for o in operations if o not in page and o != "autorot"] == []
