#!/usr/bin/env python3
"""The verifier of tests/independent/verifier.py over a pipe, for the target `python`.

Each file follows its length in four bytes, big-endian; the answer is a line with the code, or `genuine`,
and the number of the faulty line, or 0.
"""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2] / "tests"
sys.path.insert(0, str(TESTS / "independent"))

from verify import CORPUS, Refused, device_of  # noqa: E402

def verdict(device, data):
    try:
        device.verify(data)
        return "genuine", 0
    except Refused as refused:
        return refused.code, refused.line or 0

def main():
    device = device_of(CORPUS)
    read = sys.stdin.buffer.read
    while length := read(4):
        code, line = verdict(device, read(int.from_bytes(length, "big")))
        print(code, line, flush=True)

main()
