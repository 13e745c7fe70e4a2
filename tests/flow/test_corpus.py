# SPDX-License-Identifier: Apache-2.0
"""Hostile pictures and hostile programs, all at once, through a renderer that the test starts itself:
each costs its own job what the table says and nothing else. A good picture beside them is rendered, the
renderer is the same process at the end, and docs/benchmarks/corpus.md shows what happened.

CORPUS=write writes the page's table."""
import json
import os
import re
import subprocess
import uuid

import psycopg
import pytest

import corpus
import events
import line
from test_renders import blob, outputs
from test_strangers import ADMIN

servers = line.servers
PAGE = events.ROOT / "docs/benchmarks/corpus.md"
MARKS = re.compile(r"(<!-- corpus -->\n)(.*?)(<!-- end -->)", re.S)
GOOD = corpus.png(2, 2, pixels=corpus.SMALL)
DEADLINE_S = 8


def stack(*words):
    subprocess.run([events.ROOT / "docker/stack", *words], check=True, capture_output=True)


def commands_file(folder):
    """What BATCHLINE_COMMANDS says: all programs of the corpus."""
    def fill(text):
        return text.replace("{blobs}", str(servers.BLOBS))
    path = folder / "commands.json"
    path.write_text(json.dumps({word: {"program": program, "arguments": [fill(a) for a in arguments]}
                                for word, _, program, arguments, _, _ in corpus.PROGRAMS}))
    path.chmod(0o644)
    return path


@pytest.fixture(scope="module")
def renderer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    stack("stop", "renderer")
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([servers.service_program("renderer")], stderr=log, env={
            **os.environ, **servers.service_environment("renderer"),
            "BATCHLINE_COMMANDS": str(commands_file(folder)), "BATCHLINE_OUTPUT_MIB": "16",
            "BATCHLINE_CHILD_MEMORY_MIB": "2048"})
    try:
        line.until(lambda: servers.answers(servers.PORTS["renderer"])
                   and "sandbox" in line.readiness("renderer"))
        yield process
    finally:
        process.terminate()
        process.wait(60)
        stack("start", "renderer")


def pipeline_of(word):
    """The number of a new pipeline that runs that program."""
    definition = {"command": word, "views": [{"name": "out", "format": "png"}], "deadline_s": DEADLINE_S}
    number = 7_000_000 + uuid.uuid4().int % 1_000_000
    with psycopg.connect(ADMIN) as db:
        db.execute("insert into batchline_base.pipelines (id, name, definition) values (%s, %s, %s)",
                   [number, f"corpus {word} {number}", json.dumps(definition)])
    return number


@pytest.fixture(scope="module")
def jobs(renderer):
    """Every job by the name of its row; the good ones beside them by "good N"."""
    files = [(f"X_{i:02}.png", data) for i, (_, data, _) in enumerate(corpus.PICTURES)]
    batches = [line.submit([*files, ("X_good.png", GOOD)])]
    batches += [line.submit([("X_p.png", GOOD)], pipeline=pipeline_of(p[0])) for p in corpus.PROGRAMS]
    batches.append(line.submit([("X_late.png", GOOD)]))
    pictures, *programs, late = (line.finished(batch, 400)["jobs"] for batch in batches)
    by_name = {job["file_name"]: job for job in pictures}
    found = {name: by_name[f"X_{i:02}.png"] for i, (name, *_) in enumerate(corpus.PICTURES)}
    found |= {p[1]: of[0] for p, of in zip(corpus.PROGRAMS, programs)}
    return found | {"good 1": by_name["X_good.png"], "good 2": late[0]}


@pytest.fixture(scope="module")
def walled(renderer):
    return "bubblewrap" in line.readiness("renderer")


def happened(job):
    return job["status"], job["error_code"], job["attempt"]


@pytest.mark.parametrize("name, data, code", corpus.PICTURES, ids=[p[0] for p in corpus.PICTURES])
def test_a_hostile_picture_costs_one_attempt_of_its_own_job(jobs, name, data, code):
    assert happened(jobs[name]) == ("failed" if code else "completed", code, 1), jobs[name]["error_message"]


@pytest.mark.parametrize("word, name, program, arguments, code, said", corpus.PROGRAMS,
                         ids=[p[0] for p in corpus.PROGRAMS])
def test_a_hostile_program_costs_the_attempts_of_its_own_job(jobs, walled, word, name, program, arguments,
                                                             code, said):
    if not walled:
        assert happened(jobs[name]) == ("failed", "commands_refused", 1)
        return
    attempts = 3 if code in ("command_failed", "render_timeout") else 1
    assert happened(jobs[name]) == ("failed" if code else "completed", code, attempts), jobs[name]
    assert said in (jobs[name]["error_message"] or "")


def test_a_good_picture_beside_them_is_rendered(jobs, renderer):
    assert [happened(jobs[f"good {n}"]) for n in (1, 2)] == [("completed", None, 1)] * 2
    assert renderer.poll() is None, "the renderer ended"


def test_what_stood_beside_the_pixels_is_in_no_output(jobs):
    for name, data, code in corpus.PICTURES:
        for row in outputs(jobs[name]) if not code else []:
            made = blob(row[2]).read_bytes()
            assert not any(w in made for w in (b"PK\3\4", b"<?php", b"alert(", b"ENTITY")), name


def test_no_program_lives_on(jobs):
    assert subprocess.run(["pgrep", "-f", "sleep 4711081[56]"], capture_output=True).stdout == b""


def test_the_page_shows_what_happened(jobs, walled, renderer):
    restarts = 0 if renderer.poll() is None else 1
    rows = [(name, jobs[name]) for name, *_ in corpus.PICTURES]
    rows += [(f"a program {p[1]}", jobs[p[1]]) for p in corpus.PROGRAMS if walled]
    table = "".join(f"| {name} | {job['error_code'] or 'rendered'} | {job['attempt']} | {restarts} |\n"
                    for name, job in rows)
    print("\n" + table)
    page = PAGE.read_text()
    if os.environ.get("CORPUS") == "write":
        head = "| input | what happened | attempts | restarts of the renderer |\n|---|---|---|---|\n"
        PAGE.write_text(page := MARKS.sub(lambda m: m[1] + head + table + m[3], page))

    assert table.splitlines() == MARKS.search(page)[2].splitlines()[2:][:len(rows)]
