# SPDX-License-Identifier: Apache-2.0
"""The local stack itself: docker/stack with a PostgreSQL alone, in a folder and on ports of its own."""
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Stack:
    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.env = {**os.environ, "STACK_DIR": str(folder), "STACK_POSTGRES_PORT": str(self.port)}

    def __call__(self, *words):
        return subprocess.run([ROOT / "docker/stack", *words], env=self.env, text=True,
                              capture_output=True, timeout=120)

    def state(self):
        return json.loads((self.folder / "run/state.json").read_text())

    def postgres(self):
        return self.state()["processes"][0]

    def url(self, database="postgres"):
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"


@pytest.fixture
def stack(tmp_path):
    stack = Stack(tmp_path / "stack")
    yield stack
    stack("wipe")


def wait_until(question, seconds=60):
    until = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.05)


def test_up_twice_leaves_the_same_server_running(stack):
    assert stack("up", "postgres").returncode == 0
    first = stack.postgres()["pid"]

    again = stack("up", "postgres")

    assert again.returncode == 0, again.stderr
    assert stack.postgres()["pid"] == first


def test_env_tells_a_program_where_the_stack_is(stack):
    stack("up", "postgres")

    shell = subprocess.run(["sh", "-c", f". {stack.folder}/env && echo $DATABASE_URL"],
                           capture_output=True, text=True)

    with psycopg.connect(shell.stdout.strip()) as reader:
        assert reader.execute("select current_user").fetchone() == ("batchline_reader",)
        assert reader.execute("select count(*) from batchline.batches").fetchone() == (0,)


def test_a_taken_port_is_an_error_that_names_it(stack):
    with socket.socket() as other:
        other.bind(("127.0.0.1", stack.port))
        other.listen()

        up = stack("up", "postgres")

    assert up.returncode == 1
    assert f"port {stack.port} (postgres) is taken" in up.stderr
    assert "STACK_POSTGRES_PORT" in up.stderr
    assert stack("status").returncode == 3


def test_a_start_that_cannot_succeed_says_why_and_where_its_log_is(stack):
    stack("up", "postgres")
    stack("down")
    (stack.folder / "postgres/postgresql.conf").write_text("no such setting\n")

    up = stack("up", "postgres")

    assert up.returncode == 1
    assert "syntax error" in up.stderr
    assert f"{stack.folder}/log/postgres.log" in up.stderr


def test_a_killed_process_comes_back_by_itself(stack):
    stack("up", "postgres")
    killed = stack.postgres()["pid"]

    os.kill(killed, signal.SIGKILL)

    wait_until(lambda: stack.postgres()["pid"] not in (None, killed))
    assert stack.postgres()["restarts"] >= 1
    assert stack("up", "postgres").returncode == 0


def test_a_stopped_process_stays_so_until_it_is_started(stack):
    stack("up", "postgres")

    stack("stop", "postgres")
    stopped = stack("status")
    stack("start", "postgres")

    assert stopped.returncode == 1 and "stopped" in stopped.stdout
    assert stack("status").returncode == 0


def test_down_keeps_the_data_and_wipe_removes_them(stack):
    stack("up", "postgres")
    with psycopg.connect(stack.url(), autocommit=True) as owner:
        owner.execute("create table kept (n int)")

    stack("down")
    stack("up", "postgres")
    with psycopg.connect(stack.url()) as owner:
        assert owner.execute("select count(*) from kept").fetchone() == (0,)
    stack("wipe")

    assert not (stack.folder / "postgres").exists()


def test_the_children_end_with_a_killed_supervisor(stack):
    stack("up", "postgres")
    postgres = stack.postgres()["pid"]

    os.kill(stack.state()["pid"], signal.SIGKILL)

    wait_until(lambda: not Path(f"/proc/{postgres}").exists())
    assert stack("up", "postgres").returncode == 0


def test_a_second_database_is_migrated_and_empty(stack):
    stack("up", "postgres")

    made = stack("database", "second")

    assert made.returncode == 0, made.stderr
    with psycopg.connect(made.stdout.strip()) as owner:
        assert owner.execute("select count(*) from batchline_base.pipelines").fetchone()[0] >= 3


def test_an_unknown_command_teaches_and_fails(stack):
    unknown = stack("dance")

    assert unknown.returncode == 2
    assert "usage: docker/stack" in unknown.stdout
