#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""options.py: draws the tables of options in docs/operate.md from what --help of each service
says, between their marks; the prose around them is written by hand.

usage: docs/options.py [--check]     BUILD [build] is where the programs are
       --check: exit 1 when the page is not what the programs say"""
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/operate.md"
BIN = ROOT / os.environ.get("BUILD", "build") / "bin"
MARK = re.compile(r"(<!-- options: (.+?) -->\n)(.*?)(<!-- end -->)", re.S)
COMMON = ["projector", "renderer"]      # what these two share, all have


def rows(service):
    """[(name, default and limits, help)] as the program prints them."""
    text = subprocess.run([BIN / f"batchline-{service}", "--help"], capture_output=True, text=True,
                          check=True).stdout
    found = re.findall(r"^  ([A-Z][A-Z_]+)(?: \((.*?)\))?(?: \[(.*?)\])?\n      (.*)$", text, re.M)
    return [(name, (f"{default or '-'}" + (f", {limits}" if limits else "")), words)
            for name, default, limits, words in found]


def common():
    first, second = (rows(service) for service in COMMON)
    return [row for row in first if row in second]


def table(what):
    shared = common()
    lines = shared if what == "every service" else [r for r in rows(what) if r not in shared]
    cells = (f"| `{name}` | {default} | {words} |" for name, default, words in lines)
    return "\n".join(["| option | default, limits | what it is |", "|---|---|---|", *cells]) + "\n"


def main():
    old = PAGE.read_text()
    new = MARK.sub(lambda mark: f"{mark[1]}\n{table(mark[2])}\n{mark[4]}", old)
    if "--check" in sys.argv[1:]:
        if new != old:
            print(f"{PAGE}: not what --help says; docs/options.py draws it anew", file=sys.stderr)
        return new != old
    PAGE.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
