#!/usr/bin/env python3
"""check.py RESULTS.jsonl LIST.json: compares the mutants that survived with survivors.toml.

Fails for a survivor that is not listed, for a listed mutant that a test kills, and for a listed one that
no longer exists. A mutant's name has no line, so that it stays the same when lines move; mutants of one
name are listed once, with their number.
"""

import json
import pathlib
import re
import sys
import tomllib
from collections import Counter

LISTED = pathlib.Path(__file__).with_name("survivors.toml")


def name(mutant):
    """`FILE: what is replaced in which function`."""
    what = re.sub(r"^[^:]+:\d+:\d+: ", "", mutant["name"])
    return f"{mutant['file']}: {what}"


def main(results, everything):
    listed = {}
    for entry in tomllib.loads(LISTED.read_text())["survivor"]:
        listed[entry["mutant"]] = entry.get("count", 1)
        if not entry["reason"].strip():
            sys.exit(f"{LISTED.name}: {entry['mutant']}: has no reason")
    mutants = {mutant["name"]: name(mutant) for mutant in json.loads(pathlib.Path(everything).read_text())}
    # A later line of a mutant replaces an earlier one.
    lines = [json.loads(line) for line in pathlib.Path(results).read_text().splitlines()]
    found = {line["name"]: line["summary"] for line in lines if line["name"] in mutants}
    existing, tested = Counter(mutants.values()), Counter(mutants[mutant] for mutant in found)
    missed = Counter(mutants[mutant] for mutant, summary in found.items() if summary == "MissedMutant")
    wrong = []
    for mutant, count in missed.items():
        if count > listed.get(mutant, 0):
            wrong.append(f"survives and is not listed: {mutant}")
    for mutant, count in listed.items():
        if existing[mutant] < count:
            wrong.append(f"listed and does not exist: {mutant}")
        # Only a run that has tested all mutants of this name tells how many of them survive.
        elif tested[mutant] == existing[mutant] and missed[mutant] < count:
            wrong.append(f"listed and killed by a test: {mutant}")
    print(f"{sum(tested.values())} mutants, {sum(missed.values())} survived, {len(listed)} names are listed")
    if wrong:
        print("\n".join(wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
