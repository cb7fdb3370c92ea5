"""`make prove`: Frama-C shows that the decoders of foreign bytes go wrong for no input, and neither does the arithmetic on ranges.

Eva analyses each decoder from a driver of this folder over a file of any size with any bytes, where any read may fail: no
read or write outside an object, no uninitialised value, no division by zero, no shift too far. A decoder of which a statement
is never reached fails too: a proof about code that does not run would say nothing. What Eva cannot see stands in KNOWN with
the proof that it can be relied on; an alarm that is not there fails, and so does one that is there and no longer comes.

WP proves functions against the contracts in their driver. What a driver takes without proof it calls an axiom; those about
bits are shown by z3 alone, bit for bit.

A line says how many alarms a target has, or goals that are not proved; one is enough to fail.

    PROVE="[--fast] [TARGET...]"        --fast: a part of each kind, in half a minute, for `make test`
"""
import argparse
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COMMON = ["frama-c", "-c11", "-machdep", "gcc_x86_64"]
# Where the modules' headers are, and the sources that are analysed with the driver.
EVA = {
    "elf": ("base elf", "elf/image.c elf/notes.c base/source.c base/text.c"),
    "relocate": ("base elf", ""),
    "multiboot": ("base elf paging config plan handoff include", "handoff/multiboot_header.c base/source.c"),
    "multiboot_image": ("base elf paging config plan handoff include",
                        "handoff/multiboot_image.c handoff/multiboot_header.c elf/image.c elf/notes.c base/source.c base/text.c"),
    "partition": ("base fs", "fs/partition.c fs/gpt.c fs/iso9660.c fs/crc32.c base/source.c base/text.c"),
    "lexer": ("base config", "config/lexer.c config/language.c base/text.c"),
}
PRECISION = {
    "multiboot": "-eva-precision 1 -eva-split-return-function source_read:full",
    "multiboot_image": "-eva-precision 0 -eva-split-return-function source_read:full,prove_read:full -eva-slevel-function "
    "elf_symbols:100,find_sections:400,aout_symbols:100,source_read:20,prove_read:20",
    "relocate": "-eva-precision 0 -eva-slevel 20 -eva-ilevel 64 -eva-split-limit 100",
    "lexer": "-eva-precision 1 -eva-slevel 100 -eva-split-return-function current:-1,at_crlf:0,config_number:0",
}
# Alarms that were looked at, with what shows that they cannot happen: file, what Eva says.
NAME = "the name behind a $ lies in the text, and is not empty: target names; config_number() keeps to it: target words"
KNOWN = {
    "lexer": {
        ("config/lexer.c", "out of bounds read. assert \\valid_read(name);"): NAME,
        ("config/language.c", "out of bounds read. assert \\valid_read(string + 1);"): NAME,
        ("config/language.c", "out of bounds read. assert \\valid_read(string + at);"): NAME,
        ("tests/prove/lexer.c", "assertion 'name' got status unknown."): NAME,
    },
}
# Where the headers are, and the functions that are proved.
WP = {
    "range": ("base", "prove_add_overflow range_make range_end range_overlaps range_contains range_has align_down align_up is_aligned "
              "min_u64 max_u64"),
    "bytes": ("base", "load16 load32 load64 store16 store32 store64"),
    "words": ("base config", "string_length string_equal string_starts is_name_char is_blank string_is string_next is_assignment is_typo "
              "digit_value config_number number_at ends config_size part_length read_map digit_of read_hex read_key ends_name is_listed "
              "is_end read_number read_size after_word"),
    "names": ("base config", "at_crlf current advance is_digit pass_name read_variable"),
}
FAST = "multiboot range bytes names".split()


def run(arguments, folders):
    flags = " ".join(f"-iquote {folder}" for folder in [*folders.split(), "tests/prove"])
    words = [*COMMON, f"-cpp-extra-args=-include {ROOT}/tests/prove/prove.h {flags}", *arguments]
    # Frama-C takes its folder from PWD, which `make -C` leaves as it was.
    done = subprocess.run(words, cwd=ROOT, env={**os.environ, "PWD": str(ROOT)}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace")
    return done.stdout


def alarms(out):
    """What Eva says, as (file, text). Invariants of loops are for WP, which proves them in the target words or names."""
    found = re.findall(r"\[eva:alarm\] ([^:\n]*):\d+: Warning: ?([^\n]*(?:\n  [^\n]*)*)", out)
    found = [(file, " ".join(text.split())) for file, text in found]
    return [alarm for alarm in found if alarm[1] != "loop invariant got status unknown."]


def eva(name):
    """What is wrong, a line each, and the words for the table."""
    folders, sources = EVA[name]
    out = run(["-main", "prove", "-eva", "-eva-no-results", "-eva-no-show-progress", *PRECISION.get(name, "-eva-precision 0").split(),
               f"tests/prove/{name}.c", *sources.split()], folders)
    count = re.search(r"(\d+) alarms? generated", out)
    reached = re.search(r"(\d+) statements reached \(out of (\d+)\)", out)
    if not count or not reached:
        return [out[-2000:]], "the analysis did not come to an end"
    found, known = alarms(out), KNOWN.get(name, {})
    wrong = [f"{file}: {text}" for file, text in found if (file, text) not in known]
    wrong += [f"{file}: {text}: no longer there" for file, text in known if (file, text) not in found]
    if int(count[1]) > len(found) or "got status invalid" in out:
        wrong.append(out[-2000:])
    if reached[1] != reached[2]:
        wrong.append(f"{int(reached[2]) - int(reached[1])} statements are never reached")
    words = f"{len(found)} alarms, {reached[1]} of {reached[2]} statements reached"
    return wrong, words + (f", {len(known)} known" if known else "")


@functools.cache
def bits():
    """The axioms about bits that do not hold, of those in range.c and contracts.h."""
    def holds(*claims):
        query = "(set-logic QF_BV)(declare-const v (_ BitVec 64))(assert (or" + "".join(f"(distinct {a} {b})" for a, b in claims) + "))(check-sat)"
        return subprocess.run(["z3", "-in"], input=query, stdout=subprocess.PIPE, text=True).stdout.strip() == "unsat"

    def number(value):
        return f"(_ bv{value % 2**64} 64)"

    wrong = [f"a mask of {power:#x}" for power in (1 << k for k in range(64))
             if not holds((f"(bvand v {number(~(power - 1))})", f"(bvsub v (bvurem v {number(power)}))"),
                          (f"(bvand v {number(power - 1)})", f"(bvurem v {number(power)})"))]
    wrong += [f"{c} << 8" for c in range(256) if c << 8 != 256 * c]
    return wrong + [f"{c} | 32" for c in range(-128, 256) if not -128 <= c | 32 <= 255]


@functools.cache
def find_provers():
    """Why3 looks for provers once, and keeps what it found in a file, which is ours."""
    build = ROOT / os.environ.get("BUILD", "build")
    build.mkdir(parents=True, exist_ok=True)
    os.environ["WHY3CONFIG"] = str(build / "why3.conf")
    subprocess.run(["why3", "config", "detect"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def wp(name):
    folders, functions = WP[name]
    find_provers()
    out = run(["-wp", "-wp-rte", "-wp-prover", "z3", "-wp-timeout", "60", "-wp-par", "2", "-wp-fct", functions.replace(" ", ","),
               f"tests/prove/{name}.c"], folders)
    count = re.search(r"Proved goals: +(\d+) / (\d+)", out)
    if not count:
        return [out[-2000:]], "the proof did not come to an end"
    wrong = re.findall(r"\[wp\] \[[^\]]*\] Goal (\S+) : (?!Valid)", out)
    if count[1] != count[2]:
        wrong = wrong or [out[-2000:]]
    return wrong + bits(), f"{count[1]} of {count[2]} goals proved"


def main():
    options = argparse.ArgumentParser(usage=__doc__)
    options.add_argument("--fast", action="store_true")
    options.add_argument("targets", nargs="*", metavar="TARGET")
    options = options.parse_args()
    for command, package in (("frama-c", "frama-c-base"), ("why3", "why3"), ("z3", "z3")):
        if not shutil.which(command):
            sys.exit(f"prove: there is no {command}: install the package {package} (make setup)")
    failed = False
    for name in options.targets or (FAST if options.fast else [*EVA, *WP]):
        start = time.monotonic()
        wrong, words = eva(name) if name in EVA else wp(name)
        print(f"prove: {name}: {words}, {time.monotonic() - start:.1f} s", flush=True)
        for line in wrong:
            print("    " + line.replace("\n", "\n    "))
        failed |= bool(wrong)
    sys.exit(failed)


if __name__ == "__main__":
    main()
