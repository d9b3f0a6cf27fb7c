#!/usr/bin/env python3
"""Makes tests/corpus/vectors.json from the corpus: test vectors for implementations without our tools.

The layout is that of Project Wycheproof. Usage: vectors.py [--check]; with --check it writes nothing
and fails if the file differs from its output.
"""

import base64
import json
import re
import sys
import tomllib
from pathlib import Path

import verify

CORPUS = Path(__file__).parent.parent / "corpus"
VECTORS = CORPUS / "vectors.json"


def encoded(path):
    return base64.b64encode(path.read_bytes()).decode()


def device():
    roots = sorted((CORPUS / "device/roots.d").glob("*.vkey"))
    return {
        "unit": verify.UNIT,
        "time": verify.NOW,
        "threshold": verify.THRESHOLD,
        "roots": [path.read_text().strip() for path in roots],
        "trust": encoded(CORPUS / "device/trust.note"),
        "stored": [encoded(path) for path in sorted((CORPUS / "device/licenses").glob("*"))],
    }


def test(number, entry):
    return {
        "tcId": number,
        "comment": re.sub(r".*/|\.lic$", "", entry["name"]).replace("-", " "),
        "file": encoded(CORPUS / entry["name"]),
        "result": entry["code"],
    }


def made():
    entries = tomllib.loads((CORPUS / "expected.toml").read_text())["file"]
    return {
        "algorithm": "igel.com/license/v1",
        "generatorVersion": "1",
        "numberOfTests": len(entries),
        "header": [
            "Verdicts on files that come to a device, by docs/license-format.md.",
            "Each file is judged alone: the device holds what its group says and nothing of other tests.",
            "“trust”, “stored” and “file” are base64 of whole files; “result” is a code of section 8.",
        ],
        "testGroups": [
            {
                "type": "LicenceFile",
                "device": device(),
                "tests": [test(number, entry) for number, entry in enumerate(entries, 1)],
            }
        ],
    }


def main(arguments):
    text = json.dumps(made(), indent=1, ensure_ascii=False) + "\n"
    if arguments != ["--check"]:
        VECTORS.write_text(text)
    elif not VECTORS.exists() or VECTORS.read_text() != text:
        return f"{VECTORS}: is not what the corpus gives; run tests/independent/vectors.py"
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
