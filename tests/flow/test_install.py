# SPDX-License-Identifier: Apache-2.0
"""What `make install` lays on a host is enough for it: it migrates a database, makes the topics, and every
program that it has starts and has its page. Without the checkout: away from it, by links alone."""
import os
import subprocess
import uuid
from pathlib import Path

import psycopg
import pytest

from test_events import BROKERS
from test_webhook import ADMIN

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """The folder that would be /usr."""
    folder = tmp_path_factory.mktemp("host")
    done = subprocess.run(["make", "-s", "install", f"DESTDIR={folder}", "PREFIX=/usr"], cwd=ROOT,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "usr"


@pytest.fixture
def run(host, tmp_path):
    def call(program, *words, **settings):
        return subprocess.run([host / "bin" / program, *words], cwd=tmp_path, capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **settings})
    return call


@pytest.fixture
def database():
    """The address of an empty one."""
    name = f"installed_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(ADMIN, autocommit=True) as server:
        server.execute(f"create database {name}")
        yield ADMIN.rsplit("/", 1)[0] + f"/{name}"
        server.execute(f"drop database {name} with (force)")


def test_every_program_says_its_version_and_has_its_page(host, run):
    names = {path.name for path in (host / "bin").iterdir()}
    pages = {path.stem for path in (host / "share/man/man1").iterdir()}

    assert len(names) >= 11 and names == pages
    for name in names - {"batchline-migrate", "batchline-topics"}:
        said = run(name, "--version")
        assert (said.returncode, said.stderr) == (0, "") and said.stdout.startswith("batchline"), name


def test_the_schema_is_deployed_from_it_and_again_is_no_error(run, database):
    first, again = (run("batchline-migrate", DATABASE_URL=database) for _ in range(2))
    status = run("batchline-migrate", "status", DATABASE_URL=database)

    assert first.returncode == 0, first.stderr
    assert again.returncode == 0 and "Nothing to deploy" in again.stderr + again.stdout
    assert "Nothing to deploy" in status.stdout
    with psycopg.connect(database) as there:
        assert there.execute("select count(*) from batchline_base.pipelines").fetchone()[0] > 0


def test_a_change_is_taken_back_and_said_to_be_missing(run, database):
    assert run("batchline-migrate", DATABASE_URL=database).returncode == 0
    last = [words.split()[0] for words in (ROOT / "sql/sqitch.plan").read_text().splitlines()
            if words and words[0] not in "%#"][-1]

    assert run("batchline-migrate", "revert", "-y", "--to", "@HEAD^", DATABASE_URL=database).returncode == 0
    assert f"* {last}" in run("batchline-migrate", "status", DATABASE_URL=database).stdout


@pytest.mark.parametrize("address", ["", "batchline", "http://127.0.0.1/batchline"])
def test_an_address_that_is_none_is_said_to_be_so(run, address):
    said = run("batchline-migrate", DATABASE_URL=address or "host=127.0.0.1")
    assert said.returncode == 2 and "DATABASE_URL" in said.stderr


def test_the_topics_are_made_from_it_and_again_is_no_error(run):
    prefix = f"installed-{uuid.uuid4().hex[:8]}."
    first, again = (run("batchline-topics", "--replication", "1", KAFKA_BOOTSTRAP_SERVERS=BROKERS,
                        BATCHLINE_TOPIC_PREFIX=prefix) for _ in range(2))

    assert (first.returncode, first.stderr) == (0, "") and f"made {prefix}submissions" in first.stdout
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_schemas_words_of_the_shell_and_pages_to_read_are_there(host):
    assert (host / "share/batchline/schemas/BatchSubmitted.avsc").is_file()
    assert list((host / "share/batchline/schemas/released").glob("*.avsc"))
    assert "_batchline" in (host / "share/bash-completion/completions/batchline").read_text()
    for page in ("operate.md", "openapi.yaml", "CHANGELOG.md", "NOTICE"):
        assert (host / "share/doc/batchline" / page).stat().st_size > 100
