#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""events.py: draws the tables of docs/events.md from schemas/, between their marks; the prose
around them is written by hand. Needs Python alone, and computes the fingerprints on its own.

usage: docs/events.py           rewrites the page
       docs/events.py --check   exit 1 when the page is not what the schemas say"""
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/events.md"
ORDER = ["BatchSubmitted", "BatchCommanded", "JobDispatched", "JobStarted", "JobCompleted",
         "JobFailed", "ArchiveBuilt", "DeliverySucceeded", "DeliveryFailed", "BatchChanged"]
WHERE = {"BatchSubmitted": "submissions", "JobDispatched": "jobs", "BatchChanged": "batches"}
EMPTY = 0xc15d213aa4d7a795


def canonical(schema, space=""):
    """The Parsing Canonical Form, for the types that our schemas use."""
    if isinstance(schema, str):
        return f'"{schema}"'
    if isinstance(schema, list):
        return "[" + ",".join(canonical(s, space) for s in schema) + "]"
    if schema["type"] == "array":
        return f'{{"type":"array","items":{canonical(schema["items"], space)}}}'
    if schema["type"] != "record":
        return f'"{schema["type"]}"'
    space = schema.get("namespace", space)
    fields = ",".join(f'{{"name":"{f["name"]}","type":{canonical(f["type"], space)}}}'
                      for f in schema["fields"])
    return f'{{"name":"{space}.{schema["name"]}","type":"record","fields":[{fields}]}}'


def frame(schema):
    crc = EMPTY
    for byte in canonical(schema).encode():
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (EMPTY & -(crc & 1))
    return "c301 " + crc.to_bytes(8, "little").hex()


def type_word(schema):
    if isinstance(schema, str):
        return schema
    if isinstance(schema, list):
        return " or ".join(type_word(s) for s in schema)
    if schema["type"] == "array":
        return "array of " + type_word(schema["items"])
    if schema["type"] == "record":
        return f"`{schema['name']}`"
    return f"{schema['type']} ({schema['logicalType']})"


def inner_records(schema):
    if isinstance(schema, list):
        return [r for s in schema for r in inner_records(s)]
    if isinstance(schema, dict) and schema["type"] == "array":
        return inner_records(schema["items"])
    return [schema] if isinstance(schema, dict) and schema["type"] == "record" else []


def fields_table(record):
    rows = ["| field | type | default | |", "|---|---|---|---|"]
    for f in record["fields"]:
        default = json.dumps(f["default"]) if "default" in f else ""
        rows.append(f"| `{f['name']}` | {type_word(f['type'])} | {default} | {f['doc']} |")
    return "\n".join(rows)


def draw_records(schemas):
    parts = []
    for name in ORDER:
        parts += [f"### {name}", schemas[name]["doc"], fields_table(schemas[name])]
        for f in schemas[name]["fields"]:
            for inner in inner_records(f["type"]):
                parts += [f"`{inner['name']}`: {inner['doc']}", fields_table(inner)]
    return "\n\n".join(parts)


def draw_frames(schemas):
    rows = ["| record | first ten bytes | topic |", "|---|---|---|"]
    for name in ORDER:
        rows.append(f"| `{name}` | `{frame(schemas[name])}` | `{WHERE.get(name, 'events')}` |")
    return "\n".join(rows)


def draw_topics(_):
    rows = ["| topic | partitions | key | kept | largest record |", "|---|---|---|---|---|"]
    for line in (ROOT / "schemas/topics.tbl").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, partitions, _, _, cleanup, kept, most, key = line.split()
        days = "for ever" if kept == "-1" else f"{int(kept) // 86400000} days"
        kept = f"the last of each key; tombstones {days}" if cleanup == "compact" else days
        rows.append(f"| `{name}` | {partitions} | {key} | {kept} | {int(most) / 2**20:.3g} MiB |")
    return "\n".join(rows)


def main():
    schemas = {p.stem: json.loads(p.read_text()) for p in (ROOT / "schemas").glob("*.avsc")}
    assert sorted(schemas) == sorted(ORDER), "a schema is missing in ORDER"
    was = page = PAGE.read_text()
    for what, draw in ("topics", draw_topics), ("frames", draw_frames), ("records", draw_records):
        page, n = re.subn(rf"(<!-- drawn: {what} -->\n).*?(<!-- end -->)",
                          lambda m: m[1] + "\n" + draw(schemas) + "\n\n" + m[2], page, flags=re.S)
        assert n == 1, f"docs/events.md has no place for {what}"
    if sys.argv[1:] == ["--check"]:
        sys.exit("docs/events.md is not what schemas/ says: run docs/events.py"
                 if page != was else 0)
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
