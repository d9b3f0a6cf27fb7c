"""A second verifier of licence files, written from docs/license-format.md alone, whose sections (LF §n)
the comments cite. It shares no code with the crate license-format: a mistake there, or a gap in the
specification, shows as a disagreement over tests/corpus (verify.py)."""

import base64
import hashlib
import re
import zlib
from datetime import date

class Refused(Exception):
    """The reason of a refusal: the code of LF §8, and the line if there is one."""
    def __init__(self, code, why, line=None):
        super().__init__(why)
        self.code, self.line = code, line

def need(holds, why, line=None, code="malformed"):
    if not holds:
        raise Refused(code, why, line)

# Ed25519, RFC 8032 §5.1, with what LF §3.1 adds.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
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
    table = (IDENTITY, p, q, add(p, q))
    total = IDENTITY
    for bit in range(max(s.bit_length(), t.bit_length()) - 1, -1, -1):
        total = add(add(total, total), table[(s >> bit & 1) | (t >> bit & 1) << 1])
    return total

def decode(encoded):
    """The point, or None unless this is its canonical encoding."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    x = next((x for x in (root, root * SQRT_MINUS_1 % P) if x * x % P == square), None)
    if x is None or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P

def encode(point):
    inverse = pow(point[2], -1, P)
    return (point[1] * inverse % P | (point[0] * inverse % P & 1) << 255).to_bytes(32, "little")

has_small_order = lambda point: encode(double_scalar(8, point, 0, point)) == encode(IDENTITY)
BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))

def signature_is_good(public, message, signature):
    a, r, s = decode(public), signature[:32], int.from_bytes(signature[32:], "little")
    if a is None or has_small_order(a) or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
    expected = double_scalar(s, BASE, k, (-a[0] % P, a[1], 1, -a[3] % P))
    return encode(expected) == r and not has_small_order(expected)

# Values, LF §2 to §5. A reader returns None for a text of another form.
is_number = lambda text: re.fullmatch("0|[1-9][0-9]{0,19}", text)
number = lambda text, low, high: int(text) if is_number(text) and low <= int(text) <= high else None

def binary(text, length):
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return value if len(value) == length and base64.b64encode(value).decode() == text else None

def days(text):
    """A count of days; None for a day that the Gregorian calendar, which repeats after 400 years, lacks."""
    try:
        year, month, day = map(int, re.fullmatch("([0-9]{4})-([0-9]{2})-([0-9]{2})", text).groups())
        return date(year % 400 + 400, month, day).toordinal() + year // 400 * 146_097
    except (AttributeError, ValueError):
        return None

def instant(text):
    """Seconds on the scale of `days`."""
    time = re.fullmatch("(.{10})T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])Z", text)
    day = days(time[1]) if time else None
    return None if day is None else day * 86400 + int(time[2]) * 3600 + int(time[3]) * 60 + int(time[4])

matching = lambda pattern: lambda text: text if re.fullmatch(pattern, text) else None
pack = matching("(?=.{4,24}$)[A-Z0-9]+(-[A-Z0-9]+)+")
product = matching("[A-Z0-9-]{2,12}")
unit = matching("mac:[0-9A-F]{12}|udp:[0-9A-Z]{8,24}")
serial = lambda text: number(text, 1, 2**63 - 1)

def units(text):
    count, _, root = text.partition(" ")
    count, root = number(count, 1, 1_000_000), binary(root, 32)
    return (count, root) if count and root else None

def verifier_key(text):
    """(name, hash, public key) of LF §3."""
    name, hashed, key = (text.split("+", 2) + ["", ""])[:3]
    key = binary(key, 33)
    if not re.fullmatch("[!-~]{1,159}", name) or not key or key[0] != 1:
        return None
    point, digest = decode(key[1:]), hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    fits = hashed == digest.hex() and point and not has_small_order(point)
    return (name, digest, key[1:]) if fits else None

def issuing_key(text):
    key, _, products = text.partition(" ")
    key, listed = verifier_key(key), products.split(",")
    fits = products == "*" or (len(listed) <= 32 and all(map(product, listed)))
    return (*key, None if products == "*" else set(listed)) if key and fits else None

def withdrawal(text):
    name, _, upto = text.partition(" ")
    return pack(name) and serial(upto) and (name, serial(upto))

# The keys of both documents in their order: key, fewest and most lines, reader (LF §4, §7).
LICENCE = (
    ("pack", 1, 1, pack), ("serial", 1, 1, serial), ("product", 1, 1, product),
    ("term", 1, 1, matching("perpetual|subscription|evaluation")),
    ("category", 1, 1, matching("maintenance|subscription|add-on")),
    ("subscription-key", 0, 1, pack), ("order", 0, 1, matching("[A-Za-z0-9-]{1,32}")),
    ("supersedes", 0, 16, pack), ("service", 1, 16, matching("[A-Z0-9_]{1,64}")),
    ("issued", 1, 1, instant), ("starts", 1, 1, days),
    ("expires", 1, 1, lambda text: float("inf") if text == "never" else days(text)),
    ("grace-days", 0, 1, lambda text: number(text, 0, 90)),
    ("warn-days", 0, 1, lambda text: number(text, 0, 120)),
    ("roster", 0, 1, matching("complete")), ("unit", 0, 16, unit), ("units", 0, 1, units))
TRUST = (
    ("version", 1, 1, serial), ("issued", 1, 1, instant),
    ("key", 1, 16, issuing_key), ("withdraw", 0, 1000, withdrawal))
# Of texts: bytes, lines, bytes of a line (LF §10).
LIMITS, FILE_LIMIT = {"license": (4096, 64, 256), "license-trust": (64226, 1019, 633)}, 33_554_432

ADDONS = {"ADDON_POWERTERM", "ADDON_90METER", "ADDON_TERADICI", "ADDON_MMCP", "ADDON_SWP", "ICG", "AIT"}
SERVICES = {"WORKSPACE_EDITION", "ENTERPRISE_MANAGEMENT_PACK"} | ADDONS
PRODUCTS = {  # LF §4.4
    "WE": {"WORKSPACE_EDITION"}, "PAS": {"WORKSPACE_EDITION", "ENTERPRISE_MANAGEMENT_PACK"},
    "WE-E": SERVICES, "EMP": {"ENTERPRISE_MANAGEMENT_PACK"}, "PWT": {"ADDON_POWERTERM"},
    "90M": {"ADDON_90METER"}, "TER": {"ADDON_TERADICI"}, "ADDON": ADDONS, "ICG": {"ICG"}, "AIT": {"AIT"},
    **{name: set() for name in ("UDP", "UDC3", "SAM", "UDC2UPGR", "IZUPGR", "IMI")}}

def normalise(data):
    """LF §9."""
    need(len(data) <= FILE_LIMIT, "file", code="too-large")
    is_packed, rest, out = data[:2] == b"\x1f\x8b", data, b""
    while is_packed and rest:
        member = zlib.decompressobj(wbits=31)
        try:
            out += member.decompress(rest, FILE_LIMIT + 1 - len(out))
        except zlib.error as error:
            raise Refused("malformed", str(error)) from error
        need(len(out) <= FILE_LIMIT, "unpacked", code="too-large")
        need(member.eof, "packed file ends too early")
        rest = member.unused_data
    return (out if is_packed else data).removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")

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
        need(end >= 0 and len(line) <= limit and re.fullmatch(characters, line), "form", self.line)
        need(line.strip(b" ") == line and b"  " not in line, "space", self.line)
        return line.decode()

def read_note(data):
    """Steps 1 and 2 of LF §8: kind, text, its lines, the signature lines, and a reader of the rest."""
    first = re.fullmatch(rb"igel\.com/(license|license-trust)/v([1-9][0-9]{0,3})", data.split(b"\n", 1)[0])
    need(first, "first line", 1)
    need(first[2] == b"1", "version", 1, "unsupported")
    most, count, width = LIMITS[kind := first[1].decode()]
    reader, text = Lines(data), []
    while line := reader.next(width):
        text.append(line)
        need(len(text) <= count, "too many lines", reader.line)
        need(reader.at <= most, "too many bytes", 1)
    end = reader.at - 1  # of the text: before the empty line
    signatures = []
    while line is not None and (line := reader.next(256, rb"\xe2\x80\x94 [ -~]+|")):
        name, _, value = line[2:].partition(" ")
        value = binary(value, 68)
        fits = re.fullmatch("[!-*,-~]{1,159}", name) and value and len(signatures) < 8
        need(fits, "signature line", reader.line)
        signatures.append((name, value[:4], value[4:]))
    need(signatures, "no signature", reader.line)
    return kind, data[:end], text, signatures, reader if line == "" else None

def signers(text, signatures, keys):
    """Step 3: the public keys of the good signatures."""
    found = set()
    for name, hashed, signature in signatures:
        for public in {key[2] for key in keys if key[:2] == (name, hashed)}:
            need(signature_is_good(public, text, signature), name, code="bad-signature")
            found.add(public)
    return found

def read_fields(lines, table):
    """Step 5: the values of each key, and the number of its first line."""
    fields, first, at = {}, {}, 1
    known, is_licence = {row[0] for row in table}, table is LICENCE
    def out_of_place():
        key, space, _ = lines[at].partition(" ") if at < len(lines) else ("", "", "")
        ours = not space or key in known or (is_licence and key.startswith("x-"))
        return Refused("malformed" if ours else "unsupported", key, at + 1)
    for key, fewest, most, reader in table:
        values, fits = fields.setdefault(key, []), FITS.get(key, lambda *_: True)
        while at < len(lines) and lines[at].startswith(key + " "):
            value = reader(lines[at][len(key) + 1 :])
            need(value is not None and len(values) < most and fits(value, fields), key, at + 1)
            ascends = key not in ("supersedes", "service", "unit") or not values or values[-1] < value
            need(ascends, key, at + 1)
            first.setdefault(key, at + 1)
            values.append(value)
            at += 1
        if len(values) < (1 if key == "units" and not fields["unit"] else fewest):
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
    "key": lambda value, fields: all(value[:2] != other[:2] for other in fields["key"])}

# Trees, RFC 6962 §2.1: a tree splits at the largest power of two below its number of leaves.
leaf = lambda name: hashlib.sha256(b"\x00" + name.encode()).digest()
node = lambda left, right: hashlib.sha256(b"\x01" + left + right).digest()
split = lambda count: 1 << (count - 1).bit_length() - 1

def tree(leaves):
    half = split(len(leaves)) if len(leaves) > 1 else 0
    return node(tree(leaves[:half]), tree(leaves[half:])) if half else leaves[0]

def follow(below, index, count, path):
    """The root that a path leads to, or None if its length does not fit (RFC 6962 §2.1.1)."""
    if count == 1 or not path:
        return below if count == 1 and not path else None
    half, *rest = split(count), *path[:-1]
    is_left = index < half
    below = follow(below, index - (not is_left) * half, half if is_left else count - half, rest)
    return below and (node(below, path[-1]) if is_left else node(path[-1], below))

def read_attachment(reader, count, root):
    """Step 7, LF §6: (units, whether they are the whole list)."""
    line = reader.next(256)
    need(line is not None, "no attachment", reader.line - 1)
    if line.startswith("unit "):
        name, path = unit(line[5:]), []
        need(name, "unit", reader.line)
        need((line := reader.next(256)) is not None, "no index", reader.line - 1)
        place = number(line[6:], 0, count - 1) if line.startswith("index ") else None
        need(place is not None, "index", reader.line)
        while (line := reader.next(256)) is not None:
            path.append(binary(line, 32))
            need(path[-1] and len(path) <= 20, "hash", reader.line)
        need(follow(leaf(name), place, count, path) == root, "path", reader.line - 1)
        return [name], False
    names = []
    while line is not None:
        ascends = not names or names[-1] < line
        need(unit(line) and ascends and len(names) < count, "list", reader.line)
        names.append(line)
        line = reader.next(256)
    need(len(names) == count, "list too short", reader.line)
    need(tree([leaf(name) for name in names]) == root, "tree hash", reader.line - 1)
    return names, True

class Device:
    """A device: its unit, its roots, its trust document, its licences (LF §7, §8)."""
    def __init__(self, unit, threshold, roots, trust, stored):
        self.unit, self.threshold, self.roots = unit, threshold, [verifier_key(root) for root in roots]
        self.trust, self.stored = {"key": [], "withdraw": [], "version": [0], "text": b""}, []
        self.trust = self.verify(trust)
        self.stored = [self.verify(data) for data in stored]

    def verify(self, data):
        """The document, or its refusal, by the steps of LF §8."""
        kind, text, lines, signatures, reader = read_note(data)
        licence = kind == "license"
        by = signers(text, signatures, self.trust["key"] if licence else self.roots)
        need(len(by) >= (1 if licence else self.threshold), "signers", code="unknown-key")
        fields, first = read_fields(lines, LICENCE if licence else TRUST)
        if licence:
            self.check_product(by, fields, first)
        names, whole = fields.get("unit"), True
        if licence and fields["units"]:
            need(reader, "no attachment", len(lines) + len(signatures) + 2)
            names, whole = read_attachment(reader, *fields["units"][0])
        else:
            need(not reader, "something follows the signatures", reader and reader.line)
        return {**fields, "kind": kind, "text": text, "by": by, "names": names, "whole": whole}

    def may_sign(self, by, name):
        return any(key[2] in by and (key[3] is None or name in key[3]) for key in self.trust["key"])

    def check_product(self, by, fields, first):
        name = fields["product"][0]
        need(self.may_sign(by, name), "signer", code="untrusted-product")
        fits = name not in PRODUCTS or (name == "WE-E") == (fields["term"][0] == "evaluation")
        need(fits, "term", first["term"], "untrusted-product")
        for at, service in enumerate(fields["service"]):
            short = service.removeprefix("SUB_SERVICE_SET_")
            fits = short == service or short not in SERVICES - PRODUCTS.get(name, SERVICES)
            need(fits, service, first["service"] + at, "untrusted-product")

    def judge(self, data, now):
        """The verdict of this device on a file at a time."""
        new = self.verify(normalise(data))
        if new["kind"] == "license-trust":
            fits = new["text"] == self.trust["text"] or new["version"] > self.trust["version"]
            return "valid" if fits else "superseded"
        if self.unit not in new["names"]:
            return "wrong-device"
        day, moment = days(now[:10]), instant(now)
        started = [old for old in self.stored if old["starts"][0] <= day]
        started = [old for old in started if self.may_sign(old["by"], new["product"][0])]
        same = [old for old in started if old["pack"] == new["pack"] and old["serial"] > new["serial"]]
        taken = [upto for name, upto in self.trust["withdraw"] if name == new["pack"][0]]
        lists = [old["names"] for old in same if old["roster"] and old["whole"]]
        if new["serial"][0] <= max(taken, default=0) or any(self.unit not in names for names in lists):
            return "withdrawn"
        started = [old for old in started if self.unit in old["names"] and new["pack"][0] in old["supersedes"]]
        if any(self.unit in old["names"] for old in same) or any(old["issued"] > new["issued"] for old in started):
            return "superseded"
        if new["starts"][0] > day:
            return "pending"
        last = new["expires"][0] + sum(new["grace-days"])
        return "valid" if moment < (last + 1) * 86400 + 43200 else "expired"
