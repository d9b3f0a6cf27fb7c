#!/usr/bin/env python3
"""together.py LIST.json RESULTS.jsonl [--again | --sample COMMIT ALL.json]: runs mutants, and records results.

LIST.json comes from `cargo mutants --list --json`. A build for each mutant would take days. So all mutants
of a crate are built together in a copy of the tree, and a number in the environment chooses one; those that
do not compile are taken out until the rest does. Only mutants of constants, of `const fn` and of functions
that return `impl Trait` have builds of their own. The tests of the crate run from the fastest program to
the slowest test, until one fails.

Earlier results stay until a mutant has run again. --again runs only those that survived before or have
not run. --sample starts anew, with crates of COMPLETE only: of more than SAMPLE mutants in LIST.json, or if it
has none, in ALL.json, it takes so many of one crate. COMMIT, a hexadecimal number, chooses them. Those that
have not begun after SECONDS do not run.
"""

import argparse
import concurrent.futures
import json
import math
import os
import pathlib
import random
import sys
import time
from collections import Counter, defaultdict

import switched
from crate import Crate, Tree

# The crates whose survivors are all listed, and those of them whose tests need root.
COMPLETE = ("license-format", "licd/rules", "licd/store", "licd/files", "licd/fs")
AS_ROOT = ("licd/store",)
SAMPLE, SECONDS = 60, 60


def sample(commit, changed, everything):
    """Of what changed in complete crates, else of everything there: all of few mutants; else some of one crate."""
    mutants = of_complete(changed) or of_complete(everything)
    if len(mutants) <= SAMPLE:
        return mutants
    chance = random.Random(int(commit, 16))
    crate = crate_of(chance.choice(mutants))
    members = [mutant for mutant in mutants if crate_of(mutant) == crate]
    return chance.sample(members, min(SAMPLE, len(members)))


def of_complete(mutants):
    crates = [crate for crate in COMPLETE if os.geteuid() == 0 or crate not in AS_ROOT]
    return [mutant for mutant in mutants if crate_of(mutant) in crates]


def crate_of(mutant):
    return mutant["file"].partition("/src/")[0]


class Results:
    """What has been found, a line a mutant, so that an interrupted run loses nothing."""

    def __init__(self, path, again, anew):
        self.path, self.found = path, {}
        # How many mutants of each file each program has killed.
        self.kills = defaultdict(Counter)
        if anew:
            path.write_text("")
        for line in map(json.loads, path.read_text().splitlines()) if path.exists() else ():
            self.kills[line["file"]][line["by"]] += 1
            if again:
                self.found[line["name"]] = line["summary"]

    def wanted(self, mutant):
        return self.found.get(mutant["name"], "MissedMutant") == "MissedMutant"

    def add(self, mutant, summary, by=""):
        line = {"name": mutant["name"], "file": mutant["file"], "summary": summary, "by": by}
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        self.kills[mutant["file"]][by] += 1
        if summary in ("MissedMutant", "Timeout"):
            print(f"{'survives' if summary == 'MissedMutant' else 'endless'}: {mutant['name']}", flush=True)


def run_crate(crate, mutants, results, jobs, seconds):
    """Runs the mutants of one crate that begin within so many seconds."""
    together = [mutant for mutant in mutants if switched.switchable(crate.source(mutant["file"]), mutant)]
    alone = [mutant for mutant in mutants if mutant not in together]
    unviable = crate.switch(together)
    tests = crate.tests()
    for mutant in unviable:
        results.add(mutant, "Unviable")
    viable = [mutant for mutant in together if mutant not in unviable]
    print(f"{crate.folder}: {len(viable)} mutants in one build, {len(alone)} builds of one", flush=True)
    end = time.monotonic() + seconds

    def run(mutant):
        return tests.run(mutant["id"], mutant["reached"]) if time.monotonic() < end else None

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        runs = {pool.submit(run, mutant): mutant for mutant in viable}
        for done in concurrent.futures.as_completed(runs):
            if done.result():
                results.add(runs[done], *done.result())
    for mutant in alone:
        # Each program is built in turn: first what has killed most of the file's other mutants.
        kills = results.kills[mutant["file"]]
        order = sorted(tests.programs(), key=lambda program: -kills[program])
        if time.monotonic() < end:
            results.add(mutant, *crate.alone(mutant, tests, order))
    crate.restore()


def main():
    words = argparse.ArgumentParser()
    words.add_argument("list", type=pathlib.Path)
    words.add_argument("results", type=pathlib.Path)
    words.add_argument("--again", action="store_true")
    words.add_argument("--sample", nargs=2, metavar=("COMMIT", "ALL.json"))
    words = words.parse_args()
    mutants = json.loads(words.list.read_text())
    if words.sample:
        commit, everything = words.sample
        mutants = sample(commit, mutants, json.loads(pathlib.Path(everything).read_text()))
    results = Results(words.results, words.again, anew=words.sample)
    crates = defaultdict(list)
    for number, mutant in enumerate(filter(results.wanted, mutants), 1):
        mutant["id"] = number
        crates[crate_of(mutant)].append(mutant)
    tree = Tree(words.results.with_name("tree"))
    jobs, seconds = int(os.environ.get("JOBS", "1")), SECONDS if words.sample else math.inf
    # A crate of this order uses those after it, not before it, so that they are built once.
    for folder, members in sorted(crates.items()):
        run_crate(Crate(tree, folder, members), members, results, jobs, seconds)


if __name__ == "__main__":
    sys.exit(main())
