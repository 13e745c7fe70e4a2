#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rebalance.py: renderers join and leave every few seconds while pictures come in, by SIGTERM and by
kill -9; at the end every job has exactly one outcome, and what was done twice is counted.

A record is read again when its partition changes hands before it was committed: what is under way, what
was done beyond a job under way (positions have no gaps), and after a kill what was done since the last
commit (five times a second). Nobody can have more of these than jobs were out. The bound that is checked:

    jobs begun again <= changes of the group x the most jobs that were out at once

Wants a running stack and its settings: make up; . .stack/env

CHAOS_SECONDS [180]   CHAOS_SEED [the clock]   MEMBERS [3], at most   PLACES [2], pictures at a time of each"""
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "tests/flow"), str(ROOT / "docker")]
venv = ROOT / ".stack/venv/bin/python"
if venv.exists() and Path(sys.prefix) != venv.parent.parent:
    os.execv(venv, [str(venv), "-B", *sys.argv])

import events  # noqa: E402
import line  # noqa: E402
from confluent_kafka import Producer  # noqa: E402
from renderers import Renderer, stack  # noqa: E402
from test_events import BROKERS, PREFIX, Topics, a_submission  # noqa: E402
from test_kill import picture, rows  # noqa: E402

SECONDS = int(os.environ.get("CHAOS_SECONDS", 180))
SEED = int(os.environ.get("CHAOS_SEED", time.time()))
MEMBERS, PLACES = int(os.environ.get("MEMBERS", 3)), int(os.environ.get("PLACES", 2))
FILES, WAITING_LEAST = 200, 400


class Load:
    """Batches of pictures, so many that some always wait."""

    def __init__(self):
        self.producer, self.batches = Producer({"bootstrap.servers": BROKERS}), []
        self.sources, self.most_out = [], 0
        for n in range(FILES):
            status, _, body = line.call("POST", "/api/blobs", picture(n), {"content-type": "image/jpeg"})
            assert status in (200, 201), (status, body)
            self.sources.append(line.json.loads(body)["uri"])

    def add(self):
        batch = uuid.uuid4()
        files = [{"file_name": f"{n}.jpg", "source_uri": s} for n, s in enumerate(self.sources)]
        value = a_submission(files, batch_id=batch, customer_prefix=f"C{len(self.batches) % 3}")
        self.producer.produce(PREFIX + "submissions", events.encode("BatchSubmitted", value),
                              str(batch), partition=len(self.batches) % 12)
        assert self.producer.flush(30) == 0
        self.batches.append(str(batch))

    def keep_up(self):
        open_, out = rows("select coalesce(sum(total_files - jobs_completed - jobs_failed), 0),"
                          " coalesce(sum(jobs_dispatched + jobs_processing), 0)"
                          " from batchline.batches where id = any(%s::uuid[])", self.batches)[0]
        self.most_out = max(self.most_out, out)
        if open_ < WAITING_LEAST:
            self.add()


class Members:
    def __init__(self, folder, chance):
        self.folder, self.chance, self.here, self.did = folder, chance, [], Counter()

    def join(self):
        self.here.append(Renderer(self.folder, children=PLACES))
        self.did["joined"] += 1

    def leave(self):
        member = self.here.pop(self.chance.randrange(len(self.here)))
        if self.chance.random() < 0.5:
            member.process.kill()
            member.process.wait()
            self.did["killed"] += 1
        else:
            member.stop()
            self.did["left"] += 1
            self.did["left badly"] += member.process.returncode != 0

    def change(self):
        ended = [m for m in self.here if m.process.poll() is not None]
        assert not ended, f"a renderer ended by itself: {ended[0].log.read_text()[-2000:]}"
        if not self.here or (len(self.here) < MEMBERS and self.chance.random() < 0.5):
            self.join()
        else:
            self.leave()


def facts_of(records, batches):
    """Of each job: who began it, and what became of it by the facts."""
    begun, ended = {}, {}
    for m in records:
        record, value = events.decode(m.value()) if m.value() else (None, {})
        if record in ("JobStarted", "JobCompleted", "JobFailed") and str(value["batch_id"]) in batches:
            of = begun if record == "JobStarted" else ended
            of.setdefault(str(value["job_id"]), set()).add(
                (value["worker"], value["occurred_at"]) if of is begun else record)
    return begun, ended


def check(load, members, records):
    jobs = rows("select j.id::text, j.status, j.attempt, count(o.job_id) from batchline.jobs j"
                " left join batchline.outputs o on o.job_id = j.id"
                " where j.batch_id = any(%s::uuid[]) group by j.id", load.batches)
    begun, ended = facts_of(records, set(load.batches))
    again = sum(len(times) - 1 for times in begun.values())
    did = members.did
    bound = (did["joined"] + did["left"] + did["killed"]) * load.most_out
    found = {
        "every job is there": len(jobs) == len(load.batches) * FILES,
        "every job has one outcome, in its first attempt": {j[1:3] for j in jobs} == {("completed", 1)},
        "every output is there once": {j[3] for j in jobs} == {1},
        "every job was told, and nothing but completed": len(ended) == len(jobs)
            and set().union(*ended.values()) == {"JobCompleted"},
        "the counters are those of the rows": rows("select * from batchline.verify_batches()") == [],
        f"begun again within the bound ({bound})": again <= bound,
        "every SIGTERM was a clean end": did["left badly"] == 0,
    }
    print(f"{len(load.batches)} batches of {FILES} jobs; renderers joined {did['joined']} times,"
          f" left {did['left']} times by SIGTERM, were killed {did['killed']} times; {again} jobs were begun again"
          f" ({again / (did['joined'] + did['left'] + did['killed']):.1f} a change; at most {load.most_out} were"
          f" out at once)")
    for claim, holds in found.items():
        print("ok    " if holds else "NOT OK", claim)
    return all(found.values())


def main():
    print(f"seed {SEED}, {SECONDS} s, up to {MEMBERS} renderers of {PLACES} places")
    topics, load, chance = Topics("events"), Load(), random.Random(SEED)
    members = Members(tempfile.mkdtemp(prefix="rebalance-"), chance)
    stack("stop", "renderer")
    try:
        members.join()
        began = time.monotonic()
        while time.monotonic() < began + SECONDS:
            until = time.monotonic() + chance.uniform(1, 5)
            while time.monotonic() < until:
                load.keep_up()
                time.sleep(0.2)
            members.change()
        while len(members.here) < 2:
            members.join()
        for batch in load.batches:
            line.finished(batch, 300)
        time.sleep(2)                   # the last facts, of those who did it twice
        topics.read_until(lambda records: len(facts_of(records, set(load.batches))[1])
                          == len(load.batches) * FILES)
        return check(load, members, topics.records)
    finally:
        for member in members.here:
            member.stop()
        topics.close()
        stack("start", "renderer")


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
