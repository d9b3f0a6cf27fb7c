#!/usr/bin/env python3
"""Checks that the corpus has every limit of docs/license-format.md: a file at it, and one beyond it.

Usage: limits.py; ends with a summary line like that of `cargo test`.
"""

import re
import sys

from verifier import Refused, normalise
from verify import CORPUS, expected

DOCUMENT = CORPUS.parent.parent / "docs/license-format.md"
SIGNATURE = "— ".encode()
MOST = 2**63 - 1
GENUINE = ("valid", "pending", "expired", "superseded", "withdrawn", "wrong-device", "removed")
REFUSED = ("malformed", "too-large")


class Parts:
    """The parts of a file, whatever they hold."""

    def __init__(self, data):
        self.data = data
        lines = data.split(b"\n")
        end = lines.index(b"") if b"" in lines else len(lines)
        self.text, rest = lines[:end], lines[end + 1 :]
        self.signatures = [line for line in rest if line.startswith(SIGNATURE)]
        attachment = rest[len(self.signatures) + 1 :]
        self.attachment = attachment[:-1] if attachment[-1:] == [b""] else attachment
        self.is_trust = data.startswith(b"igel.com/license-trust/")

    def values(self, key):
        return [line[len(key) + 1 :] for line in self.text if line.startswith(key.encode() + b" ")]

    def text_bytes(self):
        return sum(len(line) + 1 for line in self.text)

    def hashes(self):
        return len(self.attachment) - 2 if self.attachment[:1] and self.attachment[0][:5] == b"unit " else 0


def numbers(key, cut=lambda value: value):
    """The numbers in the values of a key."""
    return lambda parts: [int(v) for v in map(cut, parts.values(key)) if re.fullmatch(b"[0-9]+", v)]


def lengths(key, prefix=b"", cut=lambda value: value):
    """The lengths of the values of a key that begin so."""
    return lambda parts: [len(cut(v)) - len(prefix) for v in parts.values(key) if cut(v).startswith(prefix)]


def count(key):
    return lambda parts: [len(parts.values(key))]


def part(place, separator=b" "):
    """One part of a value."""
    return lambda value: (value.split(separator) + [b""] * 3)[place]


def time(at):
    """The digits at a place of an instant, of files that are wrong there or nowhere."""
    return numbers("issued", lambda value: value[at : at + 2])


def licence(measure):
    return lambda parts: [] if parts.is_trust else measure(parts)


def trust(measure):
    return lambda parts: measure(parts) if parts.is_trust else []


# What is limited, the words of the specification, lowest and highest number (None where a lower one
# cannot be written), and how it is measured.
LIMITS = (
    ("pack, bytes", "joined by single dashes; 4–24 bytes", 4, 24, licence(lengths("pack"))),
    ("serial", "number from 1 to 2^63 − 1, higher", 1, MOST, licence(numbers("serial"))),
    ("product, bytes", "2–12 of", 2, 12, licence(lengths("product"))),
    ("subscription-key, bytes", "of the form of `pack`", 4, 24, lengths("subscription-key")),
    ("order, bytes", "1–32 of", None, 32, lengths("order")),
    ("supersedes, lines", "| 0–16 | of the form of `pack`, and not", None, 16, count("supersedes")),
    ("supersedes, bytes", "of the form of `pack`, and not", 4, 24, lengths("supersedes")),
    ("service, lines", "| 1–16 | 1–64 of", 1, 16, licence(count("service"))),
    ("service, bytes", "1–64 of", None, 64, lengths("service")),
    ("grace-days", "number from 0 to 90", None, 90, numbers("grace-days")),
    ("warn-days", "number from 0 to 120", None, 120, numbers("warn-days")),
    ("unit, lines", "| 1–16 | unit ID", None, 16, count("unit")),
    ("units, number", "1 to 1,000,000", 1, 1_000_000, numbers("units", part(0))),
    ("serial number of a drive, bytes", "8–24 of `0–9 A–Z`", 8, 24, lengths("unit", b"udp:")),
    ("MAC address, digits", "12 of `0–9 A–F`", 12, 12, lengths("unit", b"mac:")),
    ("hours", "`YYYY-MM-DDTHH:MM:SSZ`", None, 23, time(11)),
    ("minutes", "`YYYY-MM-DDTHH:MM:SSZ`", None, 59, time(14)),
    ("seconds", "seconds 00–59", None, 59, time(17)),
    ("licence, bytes of text", "| text of a licence | 4096 bytes", None, 4096,
     licence(lambda parts: [parts.text_bytes()])),
    ("licence, lines of text", "64 lines, 256 bytes a line |", None, 64, licence(lambda parts: [len(parts.text)])),
    ("licence, bytes of a line", "64 lines, 256 bytes a line |", None, 256,
     licence(lambda parts: map(len, parts.text))),
    ("signature lines", "| signature lines | 8", 1, 8, licence(lambda parts: [len(parts.signatures)])),
    ("signature line, bytes", "of 256 bytes each", None, 256, lambda parts: map(len, parts.signatures)),
    ("proof, hashes", "| hashes of a proof | 20", None, 20, lambda parts: [parts.hashes()]),
    ("trust, bytes of text", "64,226 bytes", None, 64_226, trust(lambda parts: [parts.text_bytes()])),
    ("trust, lines of text", "1019 lines", None, 1019, trust(lambda parts: [len(parts.text)])),
    ("trust, bytes of a line", "633 bytes a line", None, 633, trust(lambda parts: map(len, parts.text))),
    ("trust, bytes of a file", "66,283 bytes", None, 66_283, trust(lambda parts: [len(parts.data)])),
    ("trust, signature lines", "| signature lines | 8", None, 8, trust(lambda parts: [len(parts.signatures)])),
    ("version", "number from 1 to 2^63 − 1 |", 1, MOST, numbers("version")),
    ("key, lines", "| `key` | 1–16 |", 1, 16, trust(count("key"))),
    ("key name, bytes", "| name of a key | 159 bytes |", None, 159, lengths("key", cut=part(0, b"+"))),
    ("key, products", "1–32 products", None, 32,
     lambda parts: [value.count(b",") + 1 for value in parts.values("key")]),
    ("withdraw, lines", "| 0–1000 |", None, 1000, trust(count("withdraw"))),
    ("withdraw, bytes of the pack", "a pack ID, a space, a serial", 4, 24, lengths("withdraw", cut=part(0))),
    ("withdraw, serial", "a pack ID, a space, a serial", 1, MOST, numbers("withdraw", part(1))),
)

# Limits beyond which a file has another reason: what is limited, the words of the specification, and the
# files at the limit and beyond it, with a piece of what is said about each.
OTHERS = (
    ("version of the format", "from 1 to 9999",
     ("version-9999", "igel.com/license/v"), ("header-version-10000", "line 1")),
    ("lowest version of the format", "`v0` is malformed", ("plain", ""), ("header-version-0", "line 1")),
    ("line of an attachment", "| line of an attachment | 256 bytes |",
     ("mass-list-line-of-256", "unit: is not"), ("mass-list-line-of-257", "longer than")),
    ("a whole file", "33,554,432 bytes", ("gzip-largest", ""), ("gzip-too-large", "")),
    ("first day", "years 0000–9999", ("day-first-of-all", ""), ("starts-day-0", "starts")),
    ("last day", "years 0000–9999", ("day-last-of-all", ""), ("starts-month-13", "starts")),
    ("evaluation, grace", "MUST NOT appear if `term`", ("evaluation", ""), ("grace-days-of-evaluation", "grace")),
)


def judged():
    """Every file that can be taken apart, with its code."""
    for entry in expected(CORPUS):
        try:
            parts = Parts(normalise((CORPUS / entry["name"]).read_bytes()))
        except Refused:
            continue
        yield parts, entry["code"], entry["name"]


def faults(files, what, low, high, measure):
    """What the corpus lacks of a limit, or accepts beyond it."""
    found = [(number, code, name) for parts, code, name in files for number in measure(parts)]
    for limit, beyond in ((low, (low or 0) - 1), (high, high + 1)):
        if limit is not None:
            if not any(number == limit and code in GENUINE for number, code, _ in found):
                yield f"{what}: no file at {limit} is accepted"
            if not any(number == beyond and code in REFUSED for number, code, _ in found):
                yield f"{what}: no file at {beyond} is refused"
    for number, code, name in found:
        if (number > high or (low is not None and number < low)) and code in GENUINE:
            yield f"{what}: {name} has {number} and is {code}"


def faults_of_pairs(entries, what, *ends):
    for name, says in ends:
        found = [entry for entry in entries if entry["name"].endswith(f"/{name}.lic")]
        if not found or says not in found[0]["says"]:
            yield f"{what}: {name} is missing, or its reason is not “{says}”"


def main():
    files, entries = list(judged()), expected(CORPUS)
    document = " ".join(DOCUMENT.read_text().split())
    wrong = [f"{what}: the specification does not say “{words}”"
             for what, words, *_ in LIMITS + OTHERS if words not in document]
    for what, _, low, high, measure in LIMITS:
        wrong += faults(files, what, low, high, measure)
    for what, _, *ends in OTHERS:
        wrong += faults_of_pairs(entries, what, *ends)
    print(*wrong, sep="\n", end="\n" if wrong else "")
    passed = len(LIMITS + OTHERS) - len({fault.split(":")[0] for fault in wrong})
    print(f"test result: {'FAILED' if wrong else 'ok'}. {passed} passed; {len(wrong)} failed; 0 ignored")
    return min(len(wrong), 1)


if __name__ == "__main__":
    sys.exit(main())
