"""`make mutation`: small bugs put into the pure modules one at a time, to see whether the unit tests find them.

A mutant is one changed token: another operator, a constant that is one higher, a condition turned round, a statement left out.
Its file alone is compiled, into a library with the other modules, which the tests load. Those tests that execute its line (by clang's
counters, so `make coverage` comes first) run, the fastest first, until one fails, dies or takes several times as long as it
should: then the mutant is killed. With --sanitizers, what lives through them meets them once more with sanitizers, as in `make unit`.

What came of each mutant is a line of build/mutation/results, so a run that was stopped goes on; a mutant is known by its file,
place, change and a check of the file's text, so a changed file begins anew. A survivor is judged anew where the tests changed.

    MUTATION="[--sample=N] [--seed=N] [--seconds=N] [--sanitizers] [FILE...]"     the first N of a shuffled list of all; stop after
                                                                                  so many seconds
"""
import argparse
import os
import pathlib
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "coverage"))
import coverage  # noqa: E402

STATE = coverage.FOLDER.parent / "mutation"
FLAGS = os.environ.get("MUTATION_FLAGS", "").split()
SWAPS = {"<=": "<", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "<<": ">>", ">>": "<<", "+=": "-=", "-=": "+=",
         "++": "--", "--": "++", "<": "<=", ">": ">=", "+": "-", "-": "+", "*": "+", "/": "*", "%": "/", "&": "|", "|": "&", "^": "|"}
SKIP = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', re.S | re.M)
OPERATOR = re.compile(r"(?<= )(<=|>=|==|!=|&&|\|\||<<|>>|\+=|-=|<|>|\+|-|\*|/|%|&|\||\^)(?= )|\+\+|--(?=[\w;)\]])")
NUMBER = re.compile(r"\b(0x[0-9a-fA-F]+|\d+)(?=u?\b)")
CONDITION = re.compile(r"\bif \((?=.)")
STATEMENT = re.compile(r"^ {4,}(?!return|break|continue|case|default|static|const|struct|union|enum|u8|u16|u32|u64|bool|char|size_t|int|goto)"
                       r"[A-Za-z_*(][^;{}\n]*;$", re.M)


def code_of(text):
    """The text with comments, strings and directives blanked out, at the same places."""
    return SKIP.sub(lambda match: re.sub(r"[^\n]", "_", match[0]), text)


def closing(code, at):
    depth = 0
    for i in range(at, len(code)):
        depth += {"(": 1, ")": -1}.get(code[i], 0)
        if not depth:
            return i
    raise ValueError(code[at:at + 40])


def mutants_of(name):
    """(file, line, start, end, new text, what), of code in functions only: after the first { at the end of a signature."""
    text = (ROOT / name).read_text()
    code = code_of(text)
    inside = []
    for match in re.finditer(r"^[A-Za-z][^;{}=]*\) \{$", code, re.M):
        inside.append((match.end(), code.find("\n}", match.end())))
    found = []
    for start, end in inside:
        body = code[start:end]
        for match in OPERATOR.finditer(body):
            found.append((start + match.start(), start + match.end(), SWAPS[match[0]]))
        for match in NUMBER.finditer(body):
            base = 8 if re.match(r"0\d", match[0]) else 0
            found.append((start + match.start(), start + match.end(), str(int(match[0], base) + 1)))
        for match in CONDITION.finditer(body):
            at = start + match.end() - 1
            found.append((at, closing(code, at) + 1, "(!" + text[at:closing(code, at) + 1] + ")"))
        for match in STATEMENT.finditer(body):
            first = start + match.start() + len(match[0]) - len(match[0].lstrip())
            found.append((first, start + match.end(), ";"))
    for first, end, new in sorted(found):
        line = text.count("\n", 0, first) + 1
        yield name, line, first, end, new, f"{' '.join(text[first:end].split())} -> {new if len(new) < 3 or new[0] != '(' else 'not'}"


def lines_by_test():
    """{(file, line): [name of a test, ...]}."""
    reached = {}
    for test in coverage.tests():
        seconds = test.with_suffix(".seconds")
        if not seconds.exists() or seconds.stat().st_mtime < test.stat().st_mtime:
            coverage.run_test(test)
        data = test.with_suffix(".profdata")
        subprocess.run([coverage.tool("llvm-profdata"), "merge", "-sparse", "-o", data, test.with_suffix(".profraw")], check=True)
        done = subprocess.run([coverage.tool("llvm-cov"), "export", "-format=lcov", f"-instr-profile={data}", test],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if "no coverage data" in done.stderr.lower():  # a test of tools/ alone
            continue
        assert not done.returncode, done.stderr
        out = done.stdout
        name = ""
        for row in out.splitlines():
            if row.startswith("SF:"):
                name = os.path.relpath(os.path.join(ROOT, row[3:]), ROOT)
            elif row.startswith("DA:") and not row.endswith(",0"):
                reached.setdefault((name, int(row[3:].split(",")[0])), []).append(test.name)
    return reached


class Tests:
    """The unit tests as they are compiled in one way. Their modules are a library, which a mutant is linked into anew."""

    def __init__(self, kind, compiler, flags, memory):
        self.folder, self.compiler, self.memory = STATE / kind, compiler.split(), memory
        self.flags = [*FLAGS, *flags, "-std=c11", "-O1", "-fPIC", "-w"]
        self.took = {}

    def seconds(self, name):
        """Processor time when nothing is wrong. A test that fails by itself could kill anything, so it ends the run."""
        if name not in self.took:
            made, newest = self.folder / f"{name}.seconds", max((self.folder / part).stat().st_mtime for part in (name, "libmodules.so"))
            if not made.exists() or made.stat().st_mtime < newest:
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                self.run(name, self.folder, 600)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                made.write_text(str(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
            self.took[name] = float(made.read_text())
        return self.took[name]

    def run(self, name, library, seconds):
        def limit():
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if self.memory:
                resource.setrlimit(resource.RLIMIT_AS, (self.memory, self.memory))
        subprocess.run([self.folder / name], cwd=ROOT, env=os.environ | {"LD_LIBRARY_PATH": str(library)}, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, preexec_fn=limit, check=True, timeout=20 * seconds)

    def find(self, name, text, tests):
        """The first of the tests that finds what is wrong with a changed text of `name`; None where it does not compile."""
        with tempfile.TemporaryDirectory() as folder:
            source, binary = pathlib.Path(folder, pathlib.Path(name).name), pathlib.Path(folder, "mutant.o")
            source.write_text(text)
            folders = [word for module in coverage.MODULES + ["include"] for word in ("-iquote", str(ROOT / module))]
            if subprocess.run([*self.compiler, *self.flags, *folders, "-c", "-o", binary, source],
                              cwd=ROOT, stderr=subprocess.DEVNULL).returncode:
                return None
            own = self.folder / pathlib.Path(name).with_suffix(".o")
            objects = [path for path in self.folder.glob("*/**/*.o") if path != own]
            subprocess.run([*self.compiler, *self.flags, "-shared", "-o", pathlib.Path(folder, "libmodules.so"), binary, *objects], check=True)
            for test in sorted(tests, key=self.seconds):
                try:
                    self.run(test, folder, int(3 * self.seconds(test)) + 3)
                except subprocess.TimeoutExpired:
                    return f"{test} (time)"
                except subprocess.CalledProcessError:
                    return test
        return ""


PLAIN = Tests("plain", "clang", ["-fuse-ld=lld"], 64 << 30)
CHECKED = Tests("checked", os.environ.get("MUTATION_CC", "cc"), ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"], 0)


def judge(mutant, reached, lived, sanitizers):
    """What became of the mutant: a word, and which test told. One that has lived through these tests meets the sanitizers alone."""
    name, line, first, end, new, _ = mutant
    text = (ROOT / name).read_text()
    names = reached.get((name, line), [])
    if not names:
        return "survived", "no test executes the line"
    text = text[:first] + new + text[end:]
    found = "" if lived else PLAIN.find(name, text, names)
    if found is None:
        return "invalid", "does not compile"
    if found:
        return "killed", found
    if not sanitizers:
        return "survived", f"{len(names)} tests"
    found = CHECKED.find(name, text, names)
    return ("killed", f"{found} (sanitizers)") if found else ("survived", f"{len(names)} tests, with sanitizers")


def main():
    options = argparse.ArgumentParser(usage=__doc__)
    options.add_argument("files", nargs="*")
    options.add_argument("--sample", type=int, default=500)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--seconds", type=float, default=1e9)
    options.add_argument("--sanitizers", action="store_true")
    wanted = options.parse_args()
    files = wanted.files or sorted(str(path.relative_to(ROOT)) for module in coverage.MODULES for path in (ROOT / module).glob("*.c"))
    mutants = [mutant for name in files for mutant in mutants_of(name)]
    random.Random(wanted.seed).shuffle(mutants)
    checks = {name: zlib.crc32((ROOT / name).read_bytes()) for name in files}
    STATE.mkdir(parents=True, exist_ok=True)
    results = STATE / "results"
    known = dict(line.split("\t", 1) for line in results.read_text().splitlines()) if results.exists() else {}
    reached = lines_by_test()
    tests_check = zlib.crc32(b"".join(path.read_bytes() for path in sorted((ROOT / "tests" / "unit").iterdir())))
    end, rows = time.monotonic() + wanted.seconds, []
    for mutant in mutants[:wanted.sample]:
        name, line, first, _, _, what = mutant
        key = f"{name}:{line}:{first}:{checks[name]:08x}: {what}"
        word, told, check = known[key].split("\t") if key in known else ("", "", "")
        lived = word == "survived" and check == f"{tests_check:08x}"
        done = word in ("killed", "invalid") or lived and (not wanted.sanitizers or "sanitizers" in told)
        if not done:
            if time.monotonic() > end:
                break
            known[key] = "\t".join([*judge(mutant, reached, lived, wanted.sanitizers), f"{tests_check:08x}"])
            with results.open("a") as out:
                out.write(f"{key}\t{known[key]}\n")
        rows.append((name, line, what, *known[key].split("\t")[:2]))
    print("| file | mutants | killed | survived |\n| --- | ---: | ---: | ---: |")
    valid = [row for row in rows if row[3] != "invalid"]
    for name in sorted({row[0] for row in valid}) + ["all"]:
        mine = [row[3] for row in valid if name in (row[0], "all")]
        print(f"| {name} | {len(mine)} | {mine.count('killed')} | {mine.count('survived')} |")
    for name, line, what, outcome, why in sorted(valid):
        if outcome == "survived":
            print(f"survived: {name}:{line}: {what} ({why})")
    print(f"{len(mutants)} mutants in all, sample of {wanted.sample} by seed {wanted.seed}, {len(rows)} judged, {len(rows) - len(valid)} invalid")


if __name__ == "__main__":
    main()
