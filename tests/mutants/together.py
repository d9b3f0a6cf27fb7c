#!/usr/bin/env python3
"""together.py LIST.json OUT [--again | --sample COMMIT]: runs mutants, and writes OUT/results.jsonl.

LIST.json comes from `cargo mutants --list --json`. A build for each mutant would take days. So all mutants
of a crate are built together in a copy of the tree, and a number in the environment chooses one; those that
do not compile are taken out until the rest does. Only mutants of constants, of `const fn` and of functions
that return `impl Trait` have builds of their own. The tests of the crate run from the fastest program to
the slowest test, until one fails.

--again runs only those that survived before or have not run. --sample takes, of more than SAMPLE mutants,
so many of one crate; COMMIT, a hexadecimal number, chooses them.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import sys
from collections import defaultdict

import switched
from crate import Crate, Tree

SAMPLE = 60


def chosen(mutants, commit):
    """All of few mutants; else a sample of one crate."""
    if len(mutants) <= SAMPLE:
        return mutants
    chance = random.Random(int(commit, 16))
    crate = crate_of(chance.choice(mutants))
    members = [mutant for mutant in mutants if crate_of(mutant) == crate]
    return chance.sample(members, min(SAMPLE, len(members)))


def crate_of(mutant):
    return mutant["file"].partition("/src/")[0]


class Results:
    """What has been found, a line a mutant, so that an interrupted run loses nothing."""

    def __init__(self, path, again):
        self.path, self.found = path, {}
        if again and path.exists():
            lines = map(json.loads, path.read_text().splitlines())
            self.found = {line["name"]: line["summary"] for line in lines}
        else:
            path.write_text("")

    def wanted(self, mutant):
        return self.found.get(mutant["name"], "MissedMutant") == "MissedMutant"

    def add(self, mutant, summary, by=""):
        line = {"name": mutant["name"], "file": mutant["file"], "summary": summary, "by": by}
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        if summary in ("MissedMutant", "Timeout"):
            print(f"{'survives' if summary == 'MissedMutant' else 'endless'}: {mutant['name']}", flush=True)


def run_crate(crate, mutants, results, jobs):
    """Runs the mutants of one crate."""
    together = [mutant for mutant in mutants if switched.switchable(crate.source(mutant["file"]), mutant)]
    alone = [mutant for mutant in mutants if mutant not in together]
    unviable = crate.switch(together)
    tests = crate.tests()
    for mutant in unviable:
        results.add(mutant, "Unviable")
    viable = [mutant for mutant in together if mutant not in unviable]
    print(f"{crate.folder}: {len(viable)} mutants in one build, {len(alone)} builds of one", flush=True)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        runs = {pool.submit(tests.run, mutant["id"], mutant["reached"]): mutant for mutant in viable}
        for run in concurrent.futures.as_completed(runs):
            results.add(runs[run], *run.result())
    for mutant in alone:
        built = crate.change(mutant)
        results.add(mutant, *(tests.run(0) if built else ("Unviable",)))
    crate.restore()


def main():
    words = argparse.ArgumentParser()
    words.add_argument("list", type=pathlib.Path)
    words.add_argument("out", type=pathlib.Path)
    words.add_argument("--again", action="store_true")
    words.add_argument("--sample", metavar="COMMIT")
    words = words.parse_args()
    mutants = json.loads(words.list.read_text())
    if words.sample:
        mutants = chosen(mutants, words.sample)
    results = Results(words.out / "results.jsonl", words.again)
    crates = defaultdict(list)
    for number, mutant in enumerate(filter(results.wanted, mutants), 1):
        mutant["id"] = number
        crates[crate_of(mutant)].append(mutant)
    tree = Tree(words.out / "tree")
    # A crate of this order uses those after it, not before it, so that they are built once.
    for folder, members in sorted(crates.items()):
        run_crate(Crate(tree, folder, members), members, results, int(os.environ.get("JOBS", "1")))


if __name__ == "__main__":
    sys.exit(main())
