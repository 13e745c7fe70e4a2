# SPDX-License-Identifier: Apache-2.0
"""A second projector joins while batches of one customer come in, and is killed: the group gives the
partitions out anew each time, every batch has its name once, and neither fails the other."""
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid

import pytest
from confluent_kafka import Producer

import events
import line
from test_events import BROKERS, PREFIX, a_submission
from test_kill import rows

sys.path.insert(0, str(events.ROOT / "docker"))
import servers  # noqa: E402

N = 150
NOWHERE = "blob:sha256/" + "0" * 64


def commits(port):
    """Transactions of the projector at this port, and turns that had to be done again."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return [int(re.search(rf"^{name} (\d+)", text, re.M)[1]) for name in
            ("batchline_projector_commits_total", "batchline_retries_total")]


def partitions_of(pid):
    return rows("select count(*) from batchline_base.consumer_offsets where owner like %s",
                f"%/{pid}")[0][0]


@pytest.fixture
def second(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = {**os.environ, **servers.service_environment("projector"),
           "BATCHLINE_INSTANCE": "projector-2", "BATCHLINE_HEALTH_LISTEN": f"127.0.0.1:{port}"}
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen([servers.service_program("projector")], env=env, stderr=log)
    process.port = port
    yield process
    process.kill()
    process.wait()


def publish(n, customer):
    """Batches of one file each, over all partitions, as fast as they go."""
    producer, batches = Producer({"bootstrap.servers": BROKERS}), []
    for i in range(n):
        batches.append(uuid.uuid4())
        value = events.encode("BatchSubmitted", a_submission(
            [{"file_name": f"{i}.jpg", "source_uri": NOWHERE}], batch_id=batches[-1], customer_prefix=customer))
        producer.produce(PREFIX + "submissions", value, str(batches[-1]), partition=i % 12)
    assert producer.flush(30) == 0
    return batches


def named(batches):
    return rows("select batch_counter from batchline.batches where id = any(%s)", batches)


def test_two_projectors_share_the_line_and_one_that_dies_is_taken_over(second):
    customer = "TWO" + str(int(time.time()) % 10**9)
    line.until(lambda: partitions_of(second.pid) == 12)
    before = commits(second.port)
    batches = publish(N, customer)
    line.until(lambda: len(named(batches)) == N)

    with_two = commits(second.port)
    second.send_signal(signal.SIGKILL)
    batches += publish(N, customer)
    line.until(lambda: len(named(batches)) == 2 * N, 120)

    assert with_two[0] > before[0] and with_two[1] == before[1], "it worked, and never in vain"
    assert sorted(n for n, in named(batches)) == list(range(1, 2 * N + 1))
    assert rows("select * from batchline.verify_batches()") == []
