"""`make coverage`: how much of the pure modules the unit tests execute, by clang's counters.

A line counts where it has code. A branch is one outcome of one condition: `a && b` has four, and each TRY() has two of its
own. Counters of inline functions are those of the modules' own calls. It fails where less is reached than BARS says.

    COVERAGE="[--missed] [--files]"     --missed: every line and every outcome that no test reaches; --files: a row a file
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = pathlib.Path(os.environ.get("BUILD", "build")).resolve() / "coverage"
MODULES = "base fs config elf paging plan handoff menu".split()
BARS = {"lines": 99.8, "branches": 98.6}  # percent, of all modules together: what is reached


def tool(name):
    """llvm-cov, or the newest of those with a version in their name."""
    for version in ("", "-19", "-18", "-17", "-16", "-15", "-14"):
        if not subprocess.run(["sh", "-c", f"command -v {name}{version}"], stdout=subprocess.DEVNULL).returncode:
            return name + version
    sys.exit(f"coverage: {name} is missing; it comes with LLVM (apt-get install llvm)")


def run_test(test):
    """Runs one unit test. Its counters go into a file of its own, and how long it took; its words are shown where it fails."""
    start = time.monotonic()
    environment = os.environ | {"LLVM_PROFILE_FILE": str(test.with_suffix(".profraw"))}
    done = subprocess.run([test], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    test.with_suffix(".seconds").write_text(str(time.monotonic() - start))
    return test, done.returncode and done.stdout.decode(errors="replace")


def tests():
    return sorted(path for path in FOLDER.glob("test_*") if not path.suffix)


def objects(binaries):
    return [str(binaries[0])] + [word for path in binaries[1:] for word in ("-object", str(path))]


def collect():
    """Runs all tests, the counters of all in one file."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        failed = [(test, words) for test, words in pool.map(run_test, tests()) if words]
    for test, words in failed:
        print(words)
    if failed:
        sys.exit(f"coverage: {', '.join(test.name for test, _ in failed)} failed")
    raw = [str(test.with_suffix(".profraw")) for test in tests()]
    subprocess.run([tool("llvm-profdata"), "merge", "-sparse", "-o", FOLDER / "all.profdata", *raw], check=True)


def read_summary():
    """{file: {"lines": (reached, all), "branches": (reached, all)}}, files as the repository names them."""
    out = subprocess.run([tool("llvm-cov"), "export", "-summary-only", f"-instr-profile={FOLDER / 'all.profdata'}", *objects(tests())],
                         check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    rows = {}
    for entry in json.loads(out)["data"][0]["files"]:
        path = pathlib.Path(ROOT, entry["filename"]).resolve().relative_to(ROOT)
        if path.parts[0] in MODULES:
            rows[str(path)] = {kind: (entry["summary"][kind]["covered"], entry["summary"][kind]["count"]) for kind in BARS}
    return rows


def print_missed():
    """Lines that were never executed, and conditions of which an outcome never came."""
    out = subprocess.run([tool("llvm-cov"), "show", "-show-branches=count", "-show-expansions", f"-instr-profile={FOLDER / 'all.profdata'}",
                          *objects(tests())], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
    name, line, found = "", "", set()
    for row in out.splitlines():
        if match := re.match(r"(/\S+):$", row):
            name = os.path.relpath(match[1], ROOT)
        elif match := re.match(r" +(\d+)\| +([0-9.kMG]+)\|(.*)", row):
            line = f"{name}:{match[1]}: {match[3].strip()}"
            if match[2] == "0":
                found.add((name, int(match[1]), f"{line}   [never]"))
        elif match := re.search(r"Branch \((\d+):(\d+)\): \[True: ([0-9.kMG]+), False: ([0-9.kMG]+)\]", row):
            lacks = [outcome for outcome, count in (("true", match[3]), ("false", match[4])) if count == "0"]
            if lacks:
                number = int(re.search(r":(\d+): ", line)[1]) if line else 0
                found.add((name, number, f"{line}   [column {match[2]} never {' or '.join(lacks)}]"))
    for name, _, text in sorted(found):
        if name.split("/")[0] in MODULES:
            print(text)


def percent(part):
    reached, count = part
    return 100.0 * reached / count if count else 100.0


def total(rows, kind):
    return sum(row[kind][0] for row in rows), sum(row[kind][1] for row in rows)


def print_table(rows, by_file):
    print("| module | lines | reached | branches | reached |\n| --- | ---: | ---: | ---: | ---: |")
    groups = {name: [row] for name, row in sorted(rows.items())} if by_file else {
        module: [row for name, row in rows.items() if name.split("/")[0] == module] for module in MODULES}
    for name, group in [*groups.items(), ("all", list(rows.values()))]:
        parts = [total(group, kind) for kind in BARS]
        print(f"| {name} | " + " | ".join(f"{part[1]} | {percent(part):.2f}%" for part in parts) + " |")


def main():
    options = argparse.ArgumentParser(usage=__doc__)
    options.add_argument("--missed", action="store_true")
    options.add_argument("--files", action="store_true")
    wanted = options.parse_args()
    collect()
    if wanted.missed:
        print_missed()
    rows = read_summary()
    print_table(rows, wanted.files)
    low = [kind for kind, bar in BARS.items() if percent(total(list(rows.values()), kind)) < bar]
    if low:
        sys.exit("coverage: " + ", ".join(f"fewer {kind} than {BARS[kind]}%" for kind in low))


if __name__ == "__main__":
    main()
