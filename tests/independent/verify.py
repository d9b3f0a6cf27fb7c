#!/usr/bin/env python3
"""Runs the second verifier over the corpus, and compares its verdicts with the expected ones.

Usage: verify.py [CORPUS]; ends with a summary line like that of `cargo test`.
"""

import re
import sys
import tomllib
from pathlib import Path

from verifier import Device, Refused

CORPUS = Path(__file__).parent.parent / "corpus"
NOW = "2026-11-29T12:00:00Z"  # the corpus has the same verdicts from 2022 to 2097
UNIT, THRESHOLD = "mac:00E0C51C5087", 2


def expected(corpus):
    return tomllib.loads((corpus / "expected.toml").read_text())["file"]


def device_of(corpus):
    folder = corpus / "device"
    roots = [path.read_text().strip() for path in sorted(folder.glob("roots.d/*.vkey"))]
    stored = [path.read_bytes() for path in sorted(folder.glob("licenses/*"))]
    return Device(UNIT, THRESHOLD, roots, (folder / "trust.note").read_bytes(), stored)


def verdict(device, data):
    try:
        return device.judge(data, NOW), None
    except Refused as refused:
        return refused.code, refused.line


def main(corpus):
    device, wrong = device_of(corpus), 0
    entries = expected(corpus)
    for entry in entries:
        code, line = verdict(device, (corpus / entry["name"]).read_bytes())
        said = re.match("line ([0-9]+): ", entry["says"])
        if code != entry["code"] or (said and line and line != int(said[1])):
            wrong += 1
            print(f"{entry['name']}: {code}, line {line}; expected {entry['code']}: {entry['says']}")
    print(f"test result: {'FAILED' if wrong else 'ok'}. {len(entries) - wrong} passed; {wrong} failed; 0 ignored")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS))
