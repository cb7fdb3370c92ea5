"""`make torture`: what a boot loader meets on a bad day, all of it. Hours; it can be stopped at any time and goes on where it was.

A part is a module of this folder that has

    TITLE            a few words
    cases()          yields (name, function, arguments): function(folder, *arguments) makes and judges one case in an empty
                     folder of its own, and raises AssertionError where Aloft did not do what it promises. A name stands for
                     the same case in every run: a case that chance makes takes its seed from its name. What it returns, if
                     anything, is how it ended in a few words: the table counts them.
    FAST             every how manieth case `make test` runs (tests/boot/test_torture.py)

What passed is a line of build/torture/PART.passed, what failed a line of PART.failed, which the next run tries again. Both
begin with the check of the loader that they are about: with another one all begins anew.

    TORTURE="[--only=PART,...] [--sample=N] [--seconds=N] [--markdown]"     --sample: every Nth case; --markdown: the table for docs
"""
import argparse
import collections
import concurrent.futures
import importlib
import os
import pathlib
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "boot")]
import machine  # noqa: E402

PARTS = sorted(path.stem for path in HERE.glob("*.py") if "\nFAST = " in path.read_text())
STATE = machine.BUILD / "torture"
WORKERS = (os.cpu_count() or 1) + 1  # a case waits for a third of its time


def part(name):
    return importlib.import_module(name)


def run_case(name, wanted):
    """One case, in a process of the pool: its name, what was wrong or None, seconds, how it ended."""
    start, wrong, ending = time.monotonic(), None, None
    function, arguments = all_cases(name)[wanted]
    with tempfile.TemporaryDirectory() as folder:
        try:
            ending = function(pathlib.Path(folder), *arguments)
        except Exception as error:  # whatever it is, the other cases go on
            wrong = f"{type(error).__name__}: {error}"
    return wanted, wrong, time.monotonic() - start, ending or ""


CASES = {}


def all_cases(name):
    """{name of the case: (function, arguments)}, made once in each process."""
    if name not in CASES:
        CASES[name] = {}
        for case, function, arguments in part(name).cases():
            assert case not in CASES[name], f"two cases of {name} are called {case}"
            CASES[name][case] = function, arguments
    return CASES[name]


class Record:
    """What is known of a part's cases: {name: seconds} of those that passed, {name: what was wrong} of those that did not."""

    def __init__(self, name):
        self.stamp = f"loader {machine.loader_crc():08x}"
        self.files = {kind: STATE / f"{name}.{kind}" for kind in ("passed", "failed")}
        lines = {kind: path.read_text().splitlines() if path.exists() else [] for kind, path in self.files.items()}
        known = {kind: [line.split("\t") for line in rest] if head == self.stamp else []
                 for kind, (head, *rest) in ((kind, found or [""]) for kind, found in lines.items())}
        self.passed = {case: float(seconds) for case, seconds, *_ in known["passed"]}
        self.endings = collections.Counter(ending for _, _, *endings in known["passed"] for ending in endings if ending)
        self.failed = {}
        STATE.mkdir(parents=True, exist_ok=True)
        self.files["failed"].write_text(self.stamp + "\n")
        if not known["passed"]:
            self.files["passed"].write_text(self.stamp + "\n")

    def add(self, case, wrong, seconds, ending):
        kind = "failed" if wrong else "passed"
        if wrong:
            self.failed[case] = wrong
        else:
            self.passed[case] = seconds
            self.endings[ending] += bool(ending)
        with self.files[kind].open("a") as file:
            file.write(f"{case}\t{' '.join(wrong.split())}\n" if wrong else f"{case}\t{seconds:.2f}\t{ending}\n")


def run_part(name, sample, end):
    """Runs what has not passed yet, until the time `end`."""
    record = Record(name)
    left = iter([case for case in list(all_cases(name))[::sample] if case not in record.passed])
    with concurrent.futures.ProcessPoolExecutor(WORKERS) as pool:
        running = set()
        while True:
            for case in left if time.monotonic() < end else ():
                running.add(pool.submit(run_case, name, case))
                if len(running) >= 2 * WORKERS:
                    break
            if not running:
                return record
            done, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for case, wrong, seconds, ending in (each.result() for each in done):
                record.add(case, wrong, seconds, ending)
                if wrong:
                    print(f"{name}: {case}: {wrong.strip()}", flush=True)


def table(records, markdown):
    rows = [("part", "cases", "passed", "failed", "not run", "seconds")]
    for name, (count, record) in records.items():
        rows.append((part(name).TITLE, *(f"{each:,}" for each in (
            count, len(record.passed), len(record.failed), count - len(record.passed) - len(record.failed),
            int(sum(record.passed.values()))))))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths)))
             for row in rows]
    if markdown:
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        lines.insert(1, "| --- |" + " ---: |" * (len(rows[0]) - 1))
    for name, (_, record) in records.items():
        endings = ", ".join(f"{count:,} {ending}" for ending, count in sorted(record.endings.items()) if count)
        lines += [f"{part(name).TITLE}: {endings}"] * bool(endings)
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="make torture")
    parser.add_argument("--only", default=PARTS, type=lambda text: text.split(","))
    parser.add_argument("--sample", default=1, type=int)
    parser.add_argument("--seconds", default=float("inf"), type=float)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # here and in the workers: a case that is stopped ends its QEMU
    end = time.monotonic() + options.seconds
    records = {}
    for name in options.only:
        print(f"{name}: {len(all_cases(name)):,} cases", flush=True)
        records[name] = len(all_cases(name)), run_part(name, options.sample, end)
    print(table(records, options.markdown))
    sys.exit(any(record.failed for _, record in records.values()))


if __name__ == "__main__":
    main()
