"""`make prove`: Frama-C shows that the decoders of foreign bytes go wrong for no input, and the arithmetic on ranges for none.

Eva analyses each decoder from a driver of this folder over a file of any size with any bytes, where any read may fail: no
read or write outside an object, no uninitialised value, no division by zero, no shift too far. WP proves the contracts of
range.c. A line says how many alarms a target has, or goals that are not proved; one is enough to fail. A decoder of which a
statement is never reached fails too: a proof about code that does not run would say nothing.

    PROVE="[TARGET...]"
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COMMON = ["frama-c", "-c11", "-machdep", "gcc_x86_64"]
# Where the modules' headers are, and the sources that are analysed with the driver.
EVA = {
    "elf": ("base elf", "elf/image.c elf/notes.c base/source.c base/text.c"),
    "multiboot": ("base elf paging config plan handoff include", "handoff/multiboot_header.c base/source.c"),
    "partition": ("base fs", "fs/partition.c fs/gpt.c fs/iso9660.c fs/crc32.c base/source.c base/text.c"),
}
PRECISION = {"multiboot": ["-eva-precision", "1", "-eva-split-return-function", "source_read:full"]}
PRIMITIVES = "prove_add_overflow range_make range_end range_overlaps range_contains range_has min_u64 max_u64".split()


def run(arguments, folders):
    flags = " ".join(f"-iquote {folder}" for folder in [*folders.split(), "tests/prove"])
    words = [*COMMON, f"-cpp-extra-args=-include {ROOT}/tests/prove/prove.h {flags}", *arguments]
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    return done.stdout


def eva(name):
    """What is wrong, a line each, and the words for the table."""
    folders, sources = EVA[name]
    out = run(["-main", "prove", "-eva", "-eva-no-results", "-eva-no-show-progress", *PRECISION.get(name, ["-eva-precision", "0"]),
               f"tests/prove/{name}.c", *sources.split()], folders)
    count = re.search(r"(\d+) alarms? generated", out)
    reached = re.search(r"(\d+) statements reached \(out of (\d+)\)", out)
    if not count or not reached:
        return [out[-2000:]], "the analysis did not come to an end"
    wrong = re.findall(r"\[eva:alarm\] [^\n]*(?:\n  [^\n]*)*", out)
    if "got status unknown" in out or "got status invalid" in out or int(count[1]):
        wrong = wrong or [out[-2000:]]
    if reached[1] != reached[2]:
        wrong.append(f"{int(reached[2]) - int(reached[1])} statements are never reached")
    return wrong, f"{count[1]} alarms, {reached[1]} of {reached[2]} statements reached"


def wp():
    # Why3 looks for provers once, and keeps what it found in a file, which is ours.
    os.environ["WHY3CONFIG"] = str(ROOT / os.environ.get("BUILD", "build") / "why3.conf")
    subprocess.run(["why3", "config", "detect"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    out = run(["-wp", "-wp-prover", "z3", "-wp-timeout", "30", "-wp-fct", ",".join(PRIMITIVES), "tests/prove/range.c"], "base")
    count = re.search(r"Proved goals: +(\d+) / (\d+)", out)
    if not count:
        return [out[-2000:]], "the proof did not come to an end"
    wrong = re.findall(r"\[wp\] \[[^\]]*\] Goal (\S+) : (?!Valid)", out)
    if count[1] != count[2]:
        wrong = wrong or [out[-2000:]]
    return wrong, f"{count[1]} of {count[2]} goals proved"


def main():
    options = argparse.ArgumentParser(usage=__doc__)
    options.add_argument("targets", nargs="*", metavar="TARGET")
    wanted, failed = options.parse_args().targets or [*EVA, "range"], False
    for name in wanted:
        start = time.monotonic()
        wrong, words = wp() if name == "range" else eva(name)
        print(f"prove: {name}: {words}, {time.monotonic() - start:.1f} s", flush=True)
        for line in wrong:
            print("    " + line.replace("\n", "\n    "))
        failed |= bool(wrong)
    sys.exit(failed)


if __name__ == "__main__":
    main()
