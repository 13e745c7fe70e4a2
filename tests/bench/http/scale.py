# SPDX-License-Identifier: Apache-2.0
"""scale: how long a page and a search take, from a thousand batches to a million and five million jobs.

The tables are filled (fill.py) to each of SIZES in turn; what is there already stays. Of each kind of question wrk
asks a few hundred in turn, one connection and then eight, beside 500 changes a second, so that none is answered from
before. Eight clients ask, by API keys of theirs: one client has one search at a time.

SIZES [1000,100000,1000000]   ONLY: of the questions, those whose name has this"""
import base64
import os
import random
import struct
from urllib.parse import quote

import fill
from common import EACH_S, GATEWAY_PORT, Writer, questions, sql, wrk

SIZES = [int(n) for n in os.environ.get("SIZES", "1000,100000,1000000").split(",")]
ONLY = os.environ.get("ONLY", "")
ASKED, CLIENTS, CURSOR_VERSION = 304, 8, 2
KEYS = """insert into batchline_base.api_keys (name, key_prefix, key_sha256, scopes)
select 'bench-' || n, 'bench-' || n, sha256(('bench-' || n)::bytea), '{{read}}' from generate_series(0, {n} - 1) n
on conflict do nothing"""
COLOURS, CLOTHS = fill.COLOURS, fill.CLOTHS


def cursors(batches):
    """Places in the list by age, as next_cursor would tell them."""
    rows = sql("select id, (extract(epoch from created_at) * 1000000)::bigint from batchline.batches "
               f"where submitted_by = 'fill' order by created_at desc limit 1 offset {batches * 9 // 10}")
    uuid, at = rows.split("|")
    head = struct.pack(">BBB16sq", CURSOR_VERSION, 0, 0, bytes.fromhex(uuid.replace("-", "")), int(at))
    return base64.urlsafe_b64encode(head).decode().rstrip("=")


def kinds(batches):
    """name -> a question; each is asked with other words."""
    chance, deep = random.Random(1), cursors(batches)
    rare = sql("select distinct substring(render_description from 'rare[0-9a-f]+') from batchline.batches "
               "where render_description like '%rare%' limit 100").split()
    jobs = batches * 5

    def sku(digits):
        return f"sku{chance.randrange(jobs):07}"[:3 + digits]

    def pages(more):
        return lambda: f"/api/batches?limit=50{more() if callable(more) else more}"

    def search(words, path="/api/batches?limit=50&q="):
        return lambda: path + quote(words() if callable(words) else words)
    return {
        "page 1": pages(""),
        "page at nine tenths of the depth": pages(f"&cursor={deep}"),
        "page of two states": pages("&status=failed&status=completed"),
        "page of a customer": pages(lambda: f"&customer_prefix=BENCH_N{chance.randrange(40)}"),
        "page of a day": pages(lambda: "&date_from=2016-01-{0:02}&date_to=2016-01-{0:02}".format(
            chance.randrange(1, 4))),
        "page by name": pages("&sort_by=base_directory_name&sort_order=ASC"),
        "page by size": pages("&sort_by=total_size"),
        "page by last change": pages("&sort_by=updated_at"),
        "counts": lambda: f"/api/batches/stats?customer_prefix=BENCH_N{chance.randrange(40)}",
        "search: one file": search(lambda: sku(7)),
        "search: a few batches": search(lambda: sku(6)),
        "search: a hundred batches": search(lambda: chance.choice(rare) if rare else "rare"),
        "search: a hundred, with its counts": search(lambda: chance.choice(rare) if rare else "rare",
                                                     "/api/batches/stats?q="),
        "search: no hit": search(lambda: "zq" + sku(7)[3:]),
        "search: no hit, of common parts": search(lambda: chance.choice(CLOTHS) + "-" + chance.choice(COLOURS)),
        "search: very common words": search(lambda: chance.choice(CLOTHS)),
        "search: three letters": search(lambda: chance.choice(COLOURS)[:3]),
        "search: two words": search(lambda: f"{chance.choice(COLOURS)}-{chance.choice(CLOTHS)}-hero"),
        "search: two letters": search(lambda: chance.choice(COLOURS)[:2]),
    }


def main():
    sql(KEYS.format(n=CLIENTS))
    try:
        for size in SIZES:
            measure(size)
    finally:
        sql("delete from batchline_base.api_keys where name like 'bench-%'")


def measure(size):
    fill.fill(size)
    print(f"\n{size} batches, {size * 5} jobs:\n\n| question | refused | one: a second | p50, ms | p99, ms | "
          "eight: a second | p50, ms | p99, ms |\n|---|---|---|---|---|---|---|---|")
    for name, ask in kinds(size).items():
        if ONLY not in name:
            continue
        path = questions([(ask(), f"['Authorization'] = 'Bearer bench-{n % CLIENTS}'") for n in range(ASKED)])
        with Writer():
            one, eight = [wrk(f"http://127.0.0.1:{GATEWAY_PORT}", EACH_S, f"-c{n}", "-s", path, threads=1)
                          for n in (1, 8)]
        print(f"| {name} | {'yes' if one.refused else ''} | " + " | ".join(
            f"{heard.rate:.0f} | {heard.p50:.1f} | {heard.p99:.1f}" for heard in (one, eight)) + " |", flush=True)
