# SPDX-License-Identifier: Apache-2.0
"""Events for the tests, by fastavro and the .avsc files alone: nothing of ours checks itself here.

encode() and decode() speak the single-object encoding. With plain=True uuids are text and times are
microseconds, as they travel; otherwise they are uuid.UUID and datetime, as fastavro likes them."""
import io
import json
from pathlib import Path

import fastavro
import fastavro.schema

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {path.stem: json.loads(path.read_text())
         for path in sorted((ROOT / "schemas").glob("*.avsc"))}


def without_logic(schema):
    if isinstance(schema, list):
        return [without_logic(s) for s in schema]
    if isinstance(schema, dict):
        return {k: without_logic(v) for k, v in schema.items() if k != "logicalType"}
    return schema


def fingerprint(schema):
    canonical = fastavro.schema.to_parsing_canonical_form(schema)
    return bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO"))


SCHEMAS = {name: fastavro.parse_schema(text, {}) for name, text in TEXTS.items()}
PLAIN = {name: fastavro.parse_schema(without_logic(text), {}) for name, text in TEXTS.items()}
FRAMES = {name: b"\xc3\x01" + fingerprint(text) for name, text in TEXTS.items()}


def encode(record, value, plain=False):
    out = io.BytesIO()
    out.write(FRAMES[record])
    fastavro.schemaless_writer(out, (PLAIN if plain else SCHEMAS)[record], value,
                                strict_allow_default=True)
    return out.getvalue()


def decode(framed, plain=False):
    """(record, value); every byte must be used."""
    record = next((r for r, frame in FRAMES.items() if framed.startswith(frame)), None)
    assert record, f"no schema has the fingerprint {framed[2:10].hex()}"
    rest = io.BytesIO(framed[10:])
    value = fastavro.schemaless_reader(rest, (PLAIN if plain else SCHEMAS)[record], None)
    assert not rest.read(), f"{record}: bytes are left over"
    return record, value
