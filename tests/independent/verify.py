#!/usr/bin/env python3
"""A second verifier of licence files, written from docs/license-format.md alone.

It shares no code with the crate license-format, so a mistake there or a gap in the specification
shows as a disagreement over tests/corpus. Comments cite the section they obey (LF §n).
Usage: verify.py [CORPUS]; ends with a summary line like that of `cargo test`.
"""

import base64
import hashlib
import re
import sys
import tomllib
import zlib
from pathlib import Path

NOW = "2026-11-29T12:00:00Z"  # the corpus has the same verdicts from 2022 to 2097
UNIT, THRESHOLD = "mac:00E0C51C5087", 2
FILE_LIMIT = 33_554_432

class Refused(Exception):
    """The reason of a refusal: the code of LF §8, and the line if there is one."""

    def __init__(self, code, why, line=None):
        super().__init__(why)
        self.code, self.line = code, line

def malformed(line, why):
    return Refused("malformed", why, line)

# Ed25519, RFC 8032 §5.1, with what LF §3.1 adds.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)  # extended coordinates X, Y, Z, T

def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P

def double_scalar(s, p, t, q):
    """[s]p + [t]q, in one pass over the bits of both."""
    table = (None, p, q, add(p, q))
    total = IDENTITY
    for bit in range(max(s.bit_length(), t.bit_length()) - 1, -1, -1):
        total = add(total, total)
        if chosen := (s >> bit & 1) | (t >> bit & 1) << 1:
            total = add(total, table[chosen])
    return total

def decode(encoded):
    """The point, or None unless this is its canonical encoding."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * SQRT_MINUS_1 % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P

def encode(point):
    inverse = pow(point[2], -1, P)
    return (point[1] * inverse % P | (point[0] * inverse % P & 1) << 255).to_bytes(32, "little")

def has_small_order(point):
    return encode(double_scalar(8, point, 0, point)) == encode(IDENTITY)

BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))

def signature_is_good(public, message, signature):
    a, r, s = decode(public), signature[:32], int.from_bytes(signature[32:], "little")
    if a is None or has_small_order(a) or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
    expected = double_scalar(s, BASE, k, (-a[0] % P, a[1], 1, -a[3] % P))
    return encode(expected) == r and not has_small_order(expected)

# Values, LF §2 to §5. A reader returns None for a text of another form.

def number(text, low, high):
    return int(text) if re.fullmatch("0|[1-9][0-9]{0,19}", text) and low <= int(text) <= high else None

def binary(text, length):
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return value if len(value) == length and base64.b64encode(value).decode() == text else None

def days(text):
    """Days since 0000-03-01; None for a day that the Gregorian calendar does not have."""
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    year, month, day = map(int, text.split("-"))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if not 1 <= month <= 12 or not 1 <= day <= lengths[month - 1]:
        return None
    years, months = (year, month - 3) if month > 2 else (year - 1, month + 9)
    return years * 365 + years // 4 - years // 100 + years // 400 + (153 * months + 2) // 5 + day - 1

def instant(text):
    """Seconds on the scale of `days`."""
    time = re.fullmatch("(.{10})T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])Z", text)
    day = days(time[1]) if time else None
    return None if day is None else day * 86400 + int(time[2]) * 3600 + int(time[3]) * 60 + int(time[4])

def matching(pattern):
    return lambda text: text if re.fullmatch(pattern, text) else None

def between(low, high):
    return lambda text: number(text, low, high)

pack = matching("(?=.{4,24}$)[A-Z0-9]+(-[A-Z0-9]+)+")
product = matching("[A-Z0-9-]{2,12}")
unit = matching("mac:[0-9A-F]{12}|udp:[0-9A-Z]{8,24}")
serial = between(1, 2**63 - 1)

def units(text):
    count, _, root = text.partition(" ")
    count, root = number(count, 1, 1_000_000), binary(root, 32)
    return (count, root) if count and root else None

def verifier_key(text):
    """(name, hash, public key) of LF §3."""
    name, plus, rest = text.partition("+")
    hashed, _, key = rest.partition("+")
    key = binary(key, 33)
    if not re.fullmatch("[!-~]{1,159}", name) or not plus or not key or key[0] != 1:
        return None
    point, digest = decode(key[1:]), hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if hashed != digest.hex() or point is None or has_small_order(point):
        return None
    return name, digest, key[1:]

def issuing_key(text):
    key, _, products = text.partition(" ")
    key, listed = verifier_key(key), products.split(",")
    fits = products == "*" or (len(listed) <= 32 and all(map(product, listed)))
    return (*key, None if products == "*" else set(listed)) if key and fits else None

def withdrawal(text):
    name, _, upto = text.partition(" ")
    name, upto = pack(name), serial(upto)
    return (name, upto) if name and upto else None

# The keys of both documents in their order: key, fewest and most lines, reader (LF §4, §7).
LICENCE = (
    ("pack", 1, 1, pack), ("serial", 1, 1, serial), ("product", 1, 1, product),
    ("term", 1, 1, matching("perpetual|subscription|evaluation")),
    ("category", 1, 1, matching("maintenance|subscription|add-on")),
    ("subscription-key", 0, 1, pack), ("order", 0, 1, matching("[A-Za-z0-9-]{1,32}")),
    ("supersedes", 0, 16, pack), ("service", 1, 16, matching("[A-Z0-9_]{1,64}")),
    ("issued", 1, 1, instant), ("starts", 1, 1, days),
    ("expires", 1, 1, lambda text: float("inf") if text == "never" else days(text)),
    ("grace-days", 0, 1, between(0, 90)), ("warn-days", 0, 1, between(0, 120)),
    ("roster", 0, 1, matching("complete")), ("unit", 0, 16, unit), ("units", 0, 1, units))
TRUST = (
    ("version", 1, 1, serial), ("issued", 1, 1, instant),
    ("key", 1, 16, issuing_key), ("withdraw", 0, 1000, withdrawal))
# text bytes, text lines, bytes of a line (LF §10)
LIMITS = {"license": (4096, 64, 256), "license-trust": (64226, 1019, 633)}

ADDONS = {"ADDON_POWERTERM", "ADDON_90METER", "ADDON_TERADICI", "ADDON_MMCP", "ADDON_SWP", "ICG", "AIT"}
SERVICES = {"WORKSPACE_EDITION", "ENTERPRISE_MANAGEMENT_PACK"} | ADDONS
PRODUCTS = {  # LF §4.4
    "WE": {"WORKSPACE_EDITION"}, "PAS": {"WORKSPACE_EDITION", "ENTERPRISE_MANAGEMENT_PACK"},
    "WE-E": SERVICES, "EMP": {"ENTERPRISE_MANAGEMENT_PACK"}, "PWT": {"ADDON_POWERTERM"},
    "90M": {"ADDON_90METER"}, "TER": {"ADDON_TERADICI"}, "ADDON": ADDONS, "ICG": {"ICG"}, "AIT": {"AIT"},
    **{name: set() for name in ("UDP", "UDC3", "SAM", "UDC2UPGR", "IZUPGR", "IMI")}}

def normalise(data):
    """LF §9."""
    if len(data) > FILE_LIMIT:
        raise Refused("too-large", "file")
    if data[:2] == b"\x1f\x8b":
        out = b""
        while data:
            member = zlib.decompressobj(wbits=31)
            try:
                out += member.decompress(data, FILE_LIMIT + 1 - len(out))
            except zlib.error as error:
                raise Refused("malformed", str(error)) from error
            if len(out) > FILE_LIMIT:
                raise Refused("too-large", "unpacked")
            if not member.eof:
                raise Refused("malformed", "packed file ends too early")
            data = member.unused_data
        data = out
    return data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")

class Lines:
    """The lines of a file one by one, with the number of the last one read."""

    def __init__(self, data):
        self.data, self.at, self.line = data, 0, 0

    def next(self, limit, characters=rb"[ -~]*"):
        """The next line, or None at the end; its form is that of LF §2, items 1, 3 and 4."""
        if self.at == len(self.data):
            self.line += 1
            return None
        end = self.data.find(b"\n", self.at)
        line = self.data[self.at : end if end >= 0 else len(self.data)]
        self.at, self.line = self.at + len(line) + 1, self.line + 1
        if end < 0 or len(line) > limit or not re.fullmatch(characters, line):
            raise malformed(self.line, "has no line feed, is too long or not printable")
        if line[:1] == b" " or line[-1:] == b" " or b"  " in line:
            raise malformed(self.line, "space")
        return line.decode()

def read_note(data):
    """Steps 1 and 2 of LF §8: kind, text, its lines, the signature lines, and a reader of the rest."""
    first = re.fullmatch(rb"igel\.com/(license|license-trust)/v([1-9][0-9]{0,3})", data.split(b"\n", 1)[0])
    if not first:
        raise malformed(1, "first line")
    if first[2] != b"1":
        raise Refused("unsupported", "version", 1)
    kind = first[1].decode()
    most, count, width = LIMITS[kind]
    reader, text = Lines(data), []
    while line := reader.next(width):
        text.append(line)
        if len(text) > count or reader.at > most:
            raise malformed(reader.line if len(text) > count else 1, "the text is too long")
    end = reader.at - 1  # of the text: before the empty line
    signatures = []
    while line is not None and (line := reader.next(256, rb"\xe2\x80\x94 [ -~]+|")):
        name, _, value = line[2:].partition(" ")
        value = binary(value, 68)
        if not re.fullmatch("[!-*,-~]{1,159}", name) or not value or len(signatures) == 8:
            raise malformed(reader.line, "signature line")
        signatures.append((name, value[:4], value[4:]))
    if not signatures:
        raise malformed(reader.line, "no signature")
    return kind, data[:end], text, signatures, reader if line == "" else None

def signers(text, signatures, keys):
    """Step 3: the public keys of the good signatures."""
    found = set()
    for name, hashed, signature in signatures:
        for public in {key[2] for key in keys if key[:2] == (name, hashed)}:
            if not signature_is_good(public, text, signature):
                raise Refused("bad-signature", name)
            found.add(public)
    return found

def read_fields(lines, table):
    """Step 5: the values of each key, and the number of its first line."""
    fields, first, at = {}, {}, 1
    known = {row[0] for row in table}
    is_licence = table is LICENCE

    def out_of_place():
        key, space, _ = lines[at].partition(" ") if at < len(lines) else ("", "", "")
        ours = not space or key in known or (is_licence and key.startswith("x-"))
        return malformed(at + 1, "missing, or not here") if ours else Refused("unsupported", key, at + 1)

    for key, fewest, most, reader in table:
        values, fits = fields.setdefault(key, []), FITS.get(key, lambda *_: True)
        while at < len(lines) and lines[at].startswith(key + " "):
            value = reader(lines[at][len(key) + 1 :])
            if value is None or len(values) == most or not fits(value, fields):
                raise malformed(at + 1, key)
            if key in ("supersedes", "service", "unit") and values and values[-1] >= value:
                raise malformed(at + 1, key)
            first.setdefault(key, at + 1)
            values.append(value)
            at += 1
        fewest = 1 if key == "units" and not fields["unit"] else fewest
        if len(values) < fewest:
            raise out_of_place()
    while is_licence and at < len(lines) and re.match("x-[^ ]* ", lines[at]):
        at += 1
    if at < len(lines):
        raise out_of_place()
    return fields, first

# Whether a value fits the values before it.
FITS = {
    "supersedes": lambda value, fields: value != fields["pack"][0],
    "expires": lambda value, fields: value >= max(fields["starts"][0], fields["issued"][0] // 86400),
    "grace-days": lambda _, fields: fields["term"][0] != "evaluation",
    "units": lambda _, fields: not fields["unit"],
    "key": lambda value, fields: all(value[:2] != other[:2] for other in fields["key"]),
}

def hash_leaf(name):
    return hashlib.sha256(b"\x00" + name.encode()).digest()

def hash_node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()

def split(count):
    """The largest power of two below `count` (RFC 6962 §2.1)."""
    return 1 << (count - 1).bit_length() - 1

def tree(leaves):
    if len(leaves) == 1:
        return leaves[0]
    half = split(len(leaves))
    return hash_node(tree(leaves[:half]), tree(leaves[half:]))

def follow(leaf, index, count, path):
    """The root that a path leads to, or None if its length does not fit (RFC 6962 §2.1.1)."""
    if count == 1 or not path:
        return leaf if count == 1 and not path else None
    half, right = split(count), index >= split(count)
    below = follow(leaf, index - half if right else index, count - half if right else half, path[:-1])
    return below and (hash_node(path[-1], below) if right else hash_node(below, path[-1]))

def read_attachment(reader, count, root):
    """Step 7, LF §6: (units, whether they are the whole list)."""
    line = reader.next(256)
    if line and line.startswith("unit "):
        name, index = unit(line[5:]), reader.next(256) if unit(line[5:]) else None
        place = number(index[6:], 0, count - 1) if index and index.startswith("index ") else None
        if place is None:
            raise malformed(reader.line, "slice")
        path = []
        while (line := reader.next(256)) is not None:
            path.append(binary(line, 32))
            if path[-1] is None or len(path) > 20:
                raise malformed(reader.line, "hash")
        if follow(hash_leaf(name), place, count, path) != root:
            raise malformed(None, "path")
        return [name], False
    names = []
    while line is not None:
        if not unit(line) or (names and names[-1] >= line) or len(names) == count:
            raise malformed(reader.line, "list")
        names.append(line)
        line = reader.next(256)
    if len(names) != count:
        raise malformed(reader.line, "list too short")
    if tree([hash_leaf(name) for name in names]) != root:
        raise malformed(reader.line - 1, "tree hash")
    return names, True

class Device:
    """The state of a device: its roots, its trust document, its licences (LF §7, §8)."""

    def __init__(self, folder):
        self.roots = [verifier_key(path.read_text().strip()) for path in sorted(folder.glob("roots.d/*.vkey"))]
        self.trust, self.stored = {"key": [], "withdraw": [], "version": [0], "text": b""}, []
        self.trust = self.verify((folder / "trust.note").read_bytes())
        self.stored = [self.verify(path.read_bytes()) for path in sorted(folder.glob("licenses/*"))]

    def verify(self, data):
        """The document, or its refusal, by the steps of LF §8."""
        kind, text, lines, signatures, reader = read_note(data)
        licence = kind == "license"
        by = signers(text, signatures, self.trust["key"] if licence else self.roots)
        if len(by) < (1 if licence else THRESHOLD):
            raise Refused("unknown-key", "signers")
        fields, first = read_fields(lines, LICENCE if licence else TRUST)
        if licence:
            self.check_product(by, fields, first)
        names, whole = fields.get("unit"), True
        if licence and fields["units"]:
            if not reader:
                raise malformed(None, "no attachment")
            names, whole = read_attachment(reader, *fields["units"][0])
        elif reader:
            raise malformed(reader.line, "something follows the signatures")
        return {**fields, "kind": kind, "text": text, "by": by, "names": names, "whole": whole}

    def may_sign(self, by, name):
        return any(key[2] in by and (key[3] is None or name in key[3]) for key in self.trust["key"])

    def check_product(self, by, fields, first):
        name = fields["product"][0]
        if not self.may_sign(by, name):
            raise Refused("untrusted-product", "signer")
        if name in PRODUCTS and (name == "WE-E") != (fields["term"][0] == "evaluation"):
            raise Refused("untrusted-product", "term", first["term"])
        for at, service in enumerate(fields["service"]):
            short = service.removeprefix("SUB_SERVICE_SET_")
            if name in PRODUCTS and short != service and short in SERVICES - PRODUCTS[name]:
                raise Refused("untrusted-product", service, first["service"] + at)

    def judge(self, data):
        """The verdict of this device on a file."""
        new = self.verify(normalise(data))
        if new["kind"] == "license-trust":
            fits = new["text"] == self.trust["text"] or new["version"] > self.trust["version"]
            return "valid" if fits else "superseded"
        if UNIT not in new["names"]:
            return "wrong-device"
        day, moment = days(NOW[:10]), instant(NOW)
        started = [old for old in self.stored if old["starts"][0] <= day]
        started = [old for old in started if self.may_sign(old["by"], new["product"][0])]
        same = [old for old in started if old["pack"] == new["pack"] and old["serial"] > new["serial"]]
        taken = [upto for name, upto in self.trust["withdraw"] if name == new["pack"][0]]
        lists = [old["names"] for old in same if old["roster"] and old["whole"]]
        if new["serial"][0] <= max(taken, default=0) or any(UNIT not in names for names in lists):
            return "withdrawn"
        started = [old for old in started if UNIT in old["names"] and new["pack"][0] in old["supersedes"]]
        if any(UNIT in old["names"] for old in same) or any(old["issued"] > new["issued"] for old in started):
            return "superseded"
        last = new["expires"][0] + (new["grace-days"] or [0])[0]
        if new["starts"][0] > day:
            return "pending"
        return "valid" if moment < (last + 1) * 86400 + 43200 else "expired"

def verdict(device, data):
    try:
        return device.judge(data), None
    except Refused as refused:
        return refused.code, refused.line

def main(corpus):
    device, wrong = Device(corpus / "device"), 0
    entries = tomllib.loads((corpus / "expected.toml").read_text())["file"]
    for entry in entries:
        code, line = verdict(device, (corpus / entry["name"]).read_bytes())
        said = re.match("line ([0-9]+): ", entry["says"])
        if code != entry["code"] or (said and line and line != int(said[1])):
            wrong += 1
            print(f"{entry['name']}: {code}, line {line}; expected {entry['code']}: {entry['says']}")
    print(f"test result: {'FAILED' if wrong else 'ok'}. {len(entries) - wrong} passed; {wrong} failed; 0 ignored")
    return min(wrong, 1)

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "corpus"))
