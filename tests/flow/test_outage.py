# SPDX-License-Identifier: Apache-2.0
"""Postgres and Kafka killed while batches are under way: intake stops, nothing is lost, and the
line goes on by itself when they are back."""
import json
import os
import signal
import subprocess
import urllib.request

import pytest

import events
import line
from test_kill import kill, picture, pid_of, rows

N = 200


def ready():
    """everything runs, and every service says that it is ready"""
    said = subprocess.run([events.ROOT / "docker/stack", "status"], text=True,
                          capture_output=True)
    if said.returncode != 0:    # something is on its way up
        return False
    names = [row.split()[0] for row in said.stdout.splitlines()[2:]]
    return all(is_ready(name) for name in names if name not in ("postgres", "kafka"))


def is_ready(service):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{line.servers.health_port(service)}/readyz",
                                    timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def wait_for(batch, done):
    line.until(lambda: line.get(f"/api/batches/{batch}")["jobs_completed"] >= done)


@pytest.mark.parametrize("server", ["postgres", "kafka"])
def test_a_server_that_dies_under_way_costs_nothing_but_time(server):
    batch = line.submit([(f"OUT_{n:03}.jpg", picture(n)) for n in range(N)])
    wait_for(batch, 20)

    kill(server)
    line.until(ready, 120)
    found = line.finished(batch, 180, archive=True)

    assert (found["status"], found["jobs_completed"]) == ("completed", N)
    assert rows("select count(*), count(distinct job_id) from batchline.outputs"
                " where batch_id = %s", batch) == [(N, N)]
    assert rows("select * from batchline.verify_batches()") == []


def test_a_submission_while_the_bus_hangs_is_refused_or_kept_and_never_both():
    """The gateway says 201 or 202 only for what the broker took."""
    key = "outage-" + os.urandom(8).hex()
    body = {"pipeline_id": 1, "file_name": "OUT_one.jpg", "file_data": line.text(picture(1))}
    headers = {"Idempotency-Key": key}
    broker = pid_of("kafka")

    os.kill(broker, signal.SIGSTOP)
    try:
        status, _, answer = line.call("POST", "/api/jobs", body, headers)
    finally:
        os.kill(broker, signal.SIGCONT)
    line.until(ready, 120)
    again, _, kept = line.call("POST", "/api/jobs", body, headers)

    assert status == 503, answer
    assert json.loads(answer)["type"].startswith("/problems/")
    assert again in (201, 202)
    line.finished(json.loads(kept)["batch_id"], 120)
    assert rows("select count(*) from batchline.jobs where batch_id = %s",
                json.loads(kept)["batch_id"]) == [(1,)]
