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
BIN = Path(os.environ.get("BUILD", ROOT / "build")).absolute() / "bin"


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


@pytest.mark.parametrize("shift,said", [
    ("2000", "port 10080 (gateway) is one that browsers refuse to open"),
    ("979", "port 10080 (projector) is one that browsers refuse to open"),
    ("50000", "port 69092 (kafka) is not from 1024 to 65535"), ("-15000", "is not from 1024"),
    ("many", "STACK_PORT_SHIFT is 'many': not a whole number")])
def test_ports_that_would_not_do_are_refused_by_name_before_anything_starts(stack, shift, said):
    stack.env["STACK_PORT_SHIFT"] = shift

    up = stack("up")

    assert up.returncode == 1 and said in up.stderr and "Traceback" not in up.stderr
    assert "STACK_PORT_SHIFT" in up.stderr
    assert not (stack.folder / "log").exists()


def test_two_services_never_share_a_port(stack):
    stack.env["STACK_GATEWAY_PORT"] = stack.env["STACK_RENDERER_PORT"] = str(free_port())

    up = stack("up")

    assert up.returncode == 1 and "is that of renderer and of gateway" in up.stderr


def shift_of(folder, **env):
    told = {key: value for key, value in os.environ.items() if not key.startswith("STACK_")}
    done = subprocess.run([ROOT / "docker/stack", "shift"], text=True, capture_output=True,
                          env={**told, "STACK_DIR": str(folder), **env})
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_a_chosen_shift_is_the_folders_own_while_its_ports_are_free(tmp_path):
    chosen = shift_of(tmp_path)
    assert shift_of(tmp_path) == chosen

    with socket.socket() as other:
        other.bind(("127.0.0.1", 8080 + chosen))
        other.listen()

        assert shift_of(tmp_path) != chosen


def test_no_two_shifts_that_are_chosen_have_a_port_in_common():
    told = subprocess.run(["/usr/bin/python3", "-c", """
import importlib.machinery, json, sys
stack = importlib.machinery.SourceFileLoader("stack", sys.argv[1]).load_module()
shifts = [stack.SHIFT_LEAST + stack.SHIFT_STEP * i for i in range(stack.SHIFTS)]
print(json.dumps([sorted(stack.ports(shift).values()) for shift in [0, *shifts]]))
print(json.dumps(sorted(sys.modules["servers"].BLOCKED)))
""", ROOT / "docker/stack"], text=True, capture_output=True, check=True, env={
        key: value for key, value in os.environ.items() if not key.startswith("STACK_")}).stdout
    shifts, blocked = [json.loads(words) for words in told.splitlines()]
    every = [port for ports in shifts for port in ports]

    assert len(set(every)) == len(every) and not set(every) & set(blocked)
    assert max(every) < 32768, "from there on the system gives ports to connections"


def test_wipe_ends_what_a_killed_run_started_for_the_stack_and_nothing_else(stack, tmp_path):
    """As a test that starts a janitor of its own and is killed: nobody tends it."""
    program = BIN / "batchline-janitor"
    (tmp_path / "blobs").mkdir()
    env = {**os.environ, "BATCHLINE_HEALTH_LISTEN": "", "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
           "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    mine = subprocess.Popen([program], env={**env, "BLOB_URI": f"file://{stack.folder}/blobs"},
                            stderr=subprocess.DEVNULL)
    others = subprocess.Popen([program], env={**env, "BLOB_URI": f"file://{tmp_path}/blobs"},
                              stderr=subprocess.DEVNULL)
    try:
        wiped = stack("wipe")

        assert f"janitor (pid {mine.pid}) of this stack was left behind" in wiped.stdout
        assert mine.wait(10) == -signal.SIGKILL
        assert others.poll() is None
    finally:
        for process in (mine, others):
            process.kill()
            process.wait()


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
