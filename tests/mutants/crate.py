"""A crate in a copy of the tree: its builds and its tests."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import typing

import switched

# A test that takes longer runs by itself, after the others, in seconds of the processor.
SLOW = 0.5
# A mutant may take so many times the processor time of the unchanged code, and so many seconds more. It may
# wait longer, because other programs use the machine, too.
TIMES, MORE, WAITING = 5, 5, 60
# Properties are tested with few cases, the same for all mutants, and no example is made smaller.
PROPERTIES = {"PROPTEST_CASES": "8", "PROPTEST_RNG_SEED": "1", "PROPTEST_MAX_SHRINK_ITERS": "0"}
# A function with all its mutants needs more stack than a thread has, in bytes.
STACK = str(256 * 1024 * 1024)
# No test takes as much memory, in KiB.
MEMORY = 4 * 1024 * 1024


class Tree:
    """A copy of the tree below the target directory."""

    def __init__(self, root):
        self.root, self.build = root.absolute(), root.absolute().with_name("build")
        files = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        named = subprocess.run(files, check=True, capture_output=True).stdout.decode().split("\0")
        self.files = {name for name in named if name and pathlib.Path(name).is_file()}
        for path in [path for path in self.root.rglob("*") if path.is_file()]:
            if str(path.relative_to(self.root)) not in self.files:
                path.unlink()
        for name in self.files:
            self.write(name, pathlib.Path(name).read_bytes())
            shutil.copymode(name, self.root / name)

    def write(self, name, content):
        """Writes a file unless it is the same: a new time would mean a new build."""
        path = self.root / name
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def cargo(self, *words):
        """The messages of cargo, and whether it succeeded."""
        command = ["cargo", *words, "--locked", "--message-format=json"]
        # Cargo would take what is built here for the real tree's, and the other way round.
        environment = {**os.environ, "CARGO_TARGET_DIR": str(self.build)}
        # Relative paths of messages are those of the tree.
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True)
        messages = [json.loads(line) for line in done.stdout.splitlines() if line[:1] == "{"]
        errors = (message.get("message") for message in messages if message["reason"] == "compiler-message")
        self.said = done.stderr + "".join(error["rendered"] for error in errors if error["level"] == "error")
        return messages, done.returncode == 0


class Crate:
    """The crate of some mutants."""

    def __init__(self, tree, folder, mutants):
        self.tree, self.folder, self.package = tree, folder, mutants[0]["package"]
        self.sources = {}
        # What each test program is, in words for cargo.
        self.targets = {}

    def source(self, name):
        """A file as it is."""
        if name not in self.sources:
            self.sources[name] = switched.Source(pathlib.Path(name).read_text())
        return self.sources[name]

    def restore(self):
        """The code as it is."""
        for name, source in self.sources.items():
            self.tree.write(name, source.text.encode())
        (self.tree.root / self.folder / "src/mutant.rs").unlink(missing_ok=True)

    def switch(self, mutants):
        """Builds them together, and returns those that do not compile."""
        unviable = []
        while True:
            lines = self.write([mutant for mutant in mutants if mutant not in unviable])
            messages, good = self.tree.cargo("test", "--no-run", "--lib", "-p", self.package)
            if good:
                break
            errors = [m["message"] for m in messages if m["reason"] == "compiler-message"]
            found = wrong(lines, [error for error in errors if error["level"] == "error"])
            if not found:
                raise SystemExit(f"{self.folder}: does not compile:\n{self.tree.said}")
            unviable += found
        if not self.build():
            raise SystemExit(f"{self.folder}: the tests do not compile:\n{self.tree.said}")
        return unviable

    def write(self, mutants):
        """Writes the files with these mutants, and returns where each one is."""
        library = f"{self.folder}/src/lib.rs"
        texts, lines = {library: self.source(library).text}, {}
        for name in sorted({mutant["file"] for mutant in mutants} | set(self.sources)):
            members = [mutant for mutant in mutants if mutant["file"] == name]
            texts[name], lines[name] = switched.switched(self.source(name), members)
        texts[library] = switched.with_choice(texts[library])
        texts[f"{self.folder}/src/mutant.rs"] = switched.CHOICE
        for name, text in texts.items():
            self.tree.write(name, text.encode())
        return lines

    def alone(self, mutant, tests, order):
        """What happens to the tests with this mutant in builds of its own, of these programs in turn."""
        self.restore()
        self.tree.write(mutant["file"], self.source(mutant["file"]).changed(mutant).encode())
        for binary in order:
            if not self.build(*self.targets[binary]):
                return ("Unviable",)
            result = tests.run(0, binary=binary)
            if result[0] != "MissedMutant":
                return result
        return ("MissedMutant",)

    def build(self, *target):
        """Builds the tests, or those of one target, and returns whether they compile."""
        messages, good = self.tree.cargo("test", "--no-run", "-p", self.package, *target)
        programs = [m for m in messages if m.get("executable") and m["profile"]["test"]]
        self.targets |= {program["executable"]: words_of(program["target"]) for program in programs}
        return good

    def tests(self):
        return Tests(self.tree.root / self.folder, self.targets)


def words_of(target):
    kind = target["kind"][0]
    return [f"--{kind}", target["name"]] if kind in ("bin", "test") else ["--lib"]


def wrong(lines, errors):
    """The mutants in which these errors are."""
    found = []
    for span in (span for error in errors for span in error["spans"] if span["is_primary"]):
        while span["expansion"] and span["file_name"] not in lines:
            span = span["expansion"]["span"]
        for first, last, mutant in lines.get(span["file_name"], []):
            if first <= span["line_start"] <= last and mutant not in found:
                found.append(mutant)
    return found


class Step(typing.NamedTuple):
    """Tests of a program that run together."""

    binary: str
    names: list
    # What they take with unchanged code: seconds of the processor, and of the clock.
    used: float
    took: float
    # The functions that they reach.
    reached: set


class Tests:
    """The tests of a crate, in the order in which they run."""

    def __init__(self, folder, binaries):
        self.folder, self.temporary = folder, tempfile.mkdtemp(prefix="licd-mutants.")
        # Some tests run themselves again as another user.
        os.chmod(self.temporary, 0o755)
        self.steps = []
        for binary in list(binaries):
            listed = self.execute(binary, ["--list"], {}).stdout.decode()
            names = re.findall(r"^(.*): test$", listed, re.M)
            if names:
                self.measure(binary, names)
        self.steps.sort(key=lambda step: step.used)

    def __del__(self):
        shutil.rmtree(self.temporary, ignore_errors=True)

    def measure(self, binary, names):
        """Adds the tests of a program, the slow ones each by itself."""
        whole = self.unchanged(binary, names)
        if whole.used < SLOW or len(names) == 1:
            self.steps.append(whole)
            return
        each = [self.unchanged(binary, [name]) for name in names]
        self.steps += [step for step in each if step.used >= SLOW]
        fast = [step.names[0] for step in each if step.used < SLOW]
        if fast:
            self.steps.append(self.unchanged(binary, fast))

    def unchanged(self, binary, names):
        """Runs tests with unchanged code."""
        before, began = os.times(), time.monotonic()
        with tempfile.NamedTemporaryFile("r") as reached:
            # Other users write to it, too.
            os.chmod(reached.name, 0o666)
            done = self.execute(binary, ["--exact", *names], {"REACHED": reached.name})
            functions = {int(line) for line in reached.read().split()}
        if done.returncode:
            said = (done.stdout + done.stderr).decode(errors="replace")
            raise SystemExit(f"{binary}: fails with unchanged code ({done.returncode}):\n{said}")
        after, took = os.times(), time.monotonic() - began
        used = after.children_user + after.children_system - before.children_user - before.children_system
        return Step(binary, names, used, took, functions)

    def programs(self):
        """The programs, the fastest first."""
        return list(dict.fromkeys(step.binary for step in self.steps))

    def run(self, mutant, function=None, binary=None):
        """What happens to the tests with this mutant, and which program noticed; only to those that reach
        the function, if one is known, and to those of a program, if one is named."""
        only = binary
        for binary, names, used, took, reached in self.steps:
            if (only and binary != only) or (function is not None and function not in reached):
                continue
            limits = TIMES * used + MORE, TIMES * took + WAITING
            done = self.execute(binary, ["--exact", *names], {"MUTANT": str(mutant)}, *limits)
            if done is None or done.returncode == -signal.SIGXCPU:
                return "Timeout", binary
            if done.returncode:
                return "CaughtMutant", binary
        return ("MissedMutant",)

    def execute(self, binary, words, variables, seconds=0, waiting=None):
        """Runs a test program, for so many seconds of the processor; None if it waits for longer."""
        # One test at a time runs on the main thread, which has no more stack than this allows.
        limit = 'ulimit -s "$(ulimit -H -s)";'
        if seconds:
            limit += f" ulimit -v {MEMORY}; ulimit -t {int(seconds)};"
        command = ["sh", "-c", f'{limit} exec "$0" "$@"', binary, "-q", "--test-threads=1", *words]
        settings = {"TMPDIR": self.temporary, "RUST_BACKTRACE": "0", "RUST_MIN_STACK": STACK}
        environment = {**os.environ, **PROPERTIES, **settings, **variables}
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=pipe, stderr=pipe, start_new_session=True
        )
        try:
            out, err = process.communicate(timeout=waiting)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return None
        return subprocess.CompletedProcess(command, process.returncode, out, err)
