# SPDX-License-Identifier: Apache-2.0
"""tests/unit/event_vectors.jsonl, which our codec is held to, says what fastavro says."""
import datetime
import json
import uuid

import pytest

import events

VECTORS = [json.loads(line)
           for line in (events.ROOT / "tests/unit/event_vectors.jsonl").read_text().splitlines()]


def bytes_as_hex(value):
    if isinstance(value, dict):
        return {k: bytes_as_hex(v) for k, v in value.items()}
    if isinstance(value, list):
        return [bytes_as_hex(v) for v in value]
    return value.hex() if isinstance(value, bytes) else value


def hex_as_bytes(value):
    if isinstance(value, dict):
        return {k: bytes.fromhex(v) if k == "data" and v is not None else hex_as_bytes(v)
                for k, v in value.items()}
    return [hex_as_bytes(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['record']}: {v['claim']}")
def test_a_vector_is_what_fastavro_reads_and_writes(vector):
    framed = bytes.fromhex(vector["hex"])

    assert events.encode(vector["record"], hex_as_bytes(vector["value"]), plain=True) == framed
    record, value = events.decode(framed, plain=True)
    assert (record, bytes_as_hex(value)) == (vector["record"], vector["value"])


def test_every_record_has_a_vector():
    assert {v["record"] for v in VECTORS} == set(events.TEXTS)


def test_uuids_times_and_dates_are_declared_as_such():
    framed = next(v["hex"] for v in VECTORS if v["record"] == "BatchChanged")
    _, value = events.decode(bytes.fromhex(framed))

    assert value["batch_id"] == uuid.UUID("018f3c5e-7a10-7b3c-9d2e-0123456789ab")
    assert value["batch_date"] == datetime.date(2025, 11, 5)
    assert value["completed_at"] == datetime.datetime(2025, 11, 5, 10, 15, 0, 250123,
                                                      datetime.timezone.utc)
