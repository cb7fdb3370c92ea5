"""Readers of the same page tables agree, at the kernel's first instruction and over the whole address space:

- `aloft plan`: the bytes that Aloft's builder makes on the host (--dump-tables), what Aloft's walker reads in them
  (--json, --tables), and the state of the processor;
- a walker written from the Intel manual (mmu.py), over the memory of a booted machine from its CR3 on;
- QEMU's own `info tlb`, `info mem`, `info registers`, and its translation of the ends of mappings (`gva2gpa`). In
  5-level paging `info mem` is left out: QEMU 7.2 takes absent entries for present ones there, and shows nothing.

The machine is stopped by a breakpoint at the entry, so nothing of the kernel has run. The bytes must be equal but for
the accessed and dirty bits, and those must be set where the trampoline went and nowhere else. A processor that lacks
what the kernel or its options need must give the named refusal, from `aloft plan` and from the booted loader alike.

ALOFT_TEST_SEED chooses other random plans, ALOFT_TEST_PLANS how many.
"""
import collections
import json
import os
import random
import re
import subprocess
import time

import pytest

import gdb
import machine
import mmu
from test_kernels import FORMATS, HOW, LAYOUTS, NAMES

CR4_LA57 = 1 << 12

Case = collections.namedtuple("Case", "kernel options pc memory cpu")

# What the manuals of these processors, and QEMU's lists of features, say that they can do.
CPUS = {
    "486": set(),
    "pentium": set(),
    "pentium3": {"pae", "pge", "pat"},
    "qemu32": {"pae", "pge", "pat"},
    "qemu64": {"pae", "pge", "pat", "nx", "lm"},
    "Skylake-Client": {"pae", "pge", "pat", "nx", "lm", "smep"},
    "max,la57=off": {"pae", "pge", "pat", "nx", "lm", "1g", "smep", "umip"},
    "max,la57=on": {"pae", "pge", "pat", "nx", "lm", "1g", "smep", "umip", "la57"},
}
OTHER_CPUS = {
    "max": CPUS["max,la57=on"], "Nehalem": CPUS["qemu64"], "Haswell": CPUS["Skylake-Client"],
    "EPYC": CPUS["Skylake-Client"] | {"1g"},
    "486,pse=off": set(), "qemu64,nx=off": CPUS["qemu64"] - {"nx"}, "max,pdpe1gb=off": CPUS["max,la57=on"] - {"1g"},
    "pentium3,pae=off": {"pge", "pat"}, "max,lm=off": CPUS["max,la57=off"] - {"lm"}, "pentium3,pge=off": {"pae", "pat"},
}


def bits_of(kernel):
    return 64 if (machine.KERNELS / f"{kernel}.elf").read_bytes()[4] == 2 else 32


# Layouts beside those of test_kernels.py; kernel, options, machine, memory.
MORE_LAYOUTS = [
    ("example32", "", "pc", "128M"), ("example32", "--pages=4k", "pc", "16M"),
    ("example32", "--paging=pae", "q35", "128M"), ("example32", "--paging=pae", "pc", "5G"),
    ("example32", "--paging=pae --identity=all --temporary", "q35", "5G"),
    ("example32", "--paging=pae --map=0x100000000+64M@0xd0000000,cached --recursive=auto", "pc", "5G"),
    ("example32", "--identity=none", "pc", "128M"), ("example32", "--identity=tables", "q35", "128M"),
    ("example32", "--share-upper --temporary", "pc", "128M"),
    ("example", "", "pc", "128M"), ("example", "", "q35", "5G"), ("example", "", "pc", "5G"),
    ("example", "--pages=4k --identity=all", "pc", "16M"),
    ("example", "--paging=5level", "pc", "128M"), ("example", "--paging=5level --recursive=auto", "q35", "5G"),
    ("example", "--identity=none --temporary --share-upper --global", "q35", "128M"),
    ("example", "--direct-map=0xA0000000000 --identity=tables", "pc", "128M"),
    ("example", "--map=0xfd000000+16M,combining --map=0xfee00000+4K --null-page=mapped", "pc", "128M"),
    ("example32", "--paging=pae --map=0xfd000000+16M,combining --global", "pc", "128M"),
    ("example32", "--map=0xfd000000+16M,combining --map=0xfee00000+4K --global", "pc", "128M"),
]
# q35's disk is AHCI, which moves 32 MiB in no time; pc's, which moves words, takes seconds.
KERNEL_CASES = [Case(name, HOW.get(name, {}).get("options", ""), "q35" if name == "big32m" else "pc",
                     "5G" if name == "above4g" else "128M", cpu) for name in NAMES for cpu in CPUS]
OTHER_LAYOUTS = {(bits_of(name), options): (name, options, "pc", "128M") for name, options, _ in FORMATS + LAYOUTS
                 if options and "--kaslr" not in options}  # where chance puts a kernel, no plan can say
# Of these, one processor of each pair that differs in nothing that a layout depends on.
PAIRED = {"pentium", "qemu32", "qemu64"}
LAYOUT_CASES = [Case(*layout, cpu) for layout in MORE_LAYOUTS for cpu in CPUS] + [
    Case(*layout, cpu) for layout in OTHER_LAYOUTS.values() for cpu in CPUS if cpu not in PAIRED]
# That no 64-bit kernel runs without long mode, the kernels' own cases show.
LAYOUT_CASES = [case for case in LAYOUT_CASES if bits_of(case.kernel) == 32 or "lm" in CPUS[case.cpu]]
OTHER_CASES = [Case(name, options, "pc", "128M", cpu) for cpu in OTHER_CPUS for name, options in [
    ("example", ""), ("example32", ""), ("example32", "--paging=pae --global"), ("example", "--paging=5level --smep")]]


def random_cases(seed, count):
    """Anything: most are planned, some refused, and then by both alike."""
    dice, plain = random.Random(seed), [name for name in NAMES if name not in HOW and name != "big32m"]
    wide = {name for name in NAMES if bits_of(name) == 64}

    def some(*choices):
        return dice.choice(choices) if dice.randrange(3) == 0 else ""

    while count:
        name = dice.choice(plain)
        large = name in wide
        recursive = f"--recursive={dice.choice(['auto', dice.randrange(512 if large else 1024)])}"
        place = dice.choice([0x40000000, 0xD0000000, 0xFE000000] + [0x7F0000000000, 0xFFFFA00000000000] * large)
        options = [some("4level", "5level") if large else some("32", "pae", "pae"), some("4k"),
                   some("all", "tables", "none"), some("none", f"0x{place:x}")]
        keys = ("paging", "pages", "identity", "direct-map")
        words = [f"--{key}={value}" for key, value in zip(keys, options) if value]
        words += [some(recursive), some("--temporary"), some("--share-upper"), some("--null-page=mapped"),
                  some("--global"), some("--stack=4K", "--stack=1M"),
                  some(f"--map=0xfee00000+4K@0x{place + 0x8000000:x}"),
                  some(f"--map=0x{dice.randrange(1 << 20) << 12:x}+{dice.choice(['4K', '8M', '68K'])}"
                       f"@0x{place:x},{dice.choice(['combining', 'cached', 'uncached'])}")]
        cpu = dice.choice(list(CPUS)[4:] if large else [*CPUS, *OTHER_CPUS])
        # Small pages of much memory take long to list.
        small = "--pages=4k" in words or "pse=off" in cpu or (not large and "--share-upper" in words)
        memory = dice.choice(["2M", "16M", "64M"] if small else ["16M", "1G", "3584M", "5G", "6G"])
        yield Case(name, " ".join(filter(None, words)), dice.choice(["pc", "q35"]), memory, cpu)
        count -= 1


RANDOM_CASES = list(random_cases(int(os.environ.get("ALOFT_TEST_SEED", "7")),
                                 int(os.environ.get("ALOFT_TEST_PLANS", "60"))))


def features(case):
    return {**CPUS, **OTHER_CPUS}[case.cpu]


def refusal(case):
    """The error that this processor must give; None where it has what is needed."""
    has, words = features(case), case.options.split()
    if bits_of(case.kernel) == 64 and not {"lm", "pae"} <= has:
        return "PLAN_LONG_MODE"
    for option, needs in (("--paging=pae", "pae"), ("--paging=5level", "la57")):
        if option in words and needs not in has:
            return "PLAN_CPU"
    for option, needs in (("--smep", "smep"), ("--umip", "umip"), ("--global", "pge")):
        if option in words and needs not in has:
            return "PLAN_CPU_OPTION"
    return None


# ---- one boot ----

def plan_of(case, folder):
    """What `aloft plan` says: JSON, the tables' bytes, the text of --tables; or JSON with an error."""
    dump = folder / "planned"
    words = [f"--memory={case.memory}", f"--cpu={case.cpu}", f"--machine={case.pc}", folder / "tree"]
    said = subprocess.run([str(machine.ALOFT), "plan", "--json", f"--dump-tables={dump}", *map(str, words)],
                                  capture_output=True, text=True, timeout=machine.DEADLINE)
    plan = json.loads(said.stdout)
    assert said.returncode == ("error" in plan), said
    if "error" in plan:
        return plan, b"", said.stderr
    return plan, dump.read_bytes(), machine.aloft("plan", "--tables", *words)


def run(case, folder):
    """Boots and checks one case; the name of the error if it is refused."""
    how = HOW.get(case.kernel, {})
    files = {"/boot/kernel.elf": machine.KERNELS / f"{case.kernel}.elf",
             "/boot/aloft.cfg": machine.config(case.options, how.get("arguments", ""), how.get("extra_config", ""))}
    image = machine.image_of(folder, {**files, **how.get("files", {})})
    plan, planned, text = plan_of(case, folder)
    where = {"machine": case.pc, "memory": case.memory, "cpu": case.cpu}
    try:
        if "error" in plan:
            report = machine.boot_image(image, folder, watch=lambda process: wait_for_report(folder, process), **where)
            check_refusal(plan["error"], text, report)
            return plan["error"]["name"]
        extra = ["-S", "-gdb", f"unix:{folder}/gdb,server=on,wait=off"]
        seen = machine.boot_image(image, folder, extra=extra,
                                  watch=lambda process: stop_at_entry(folder, process, plan, len(planned)), **where)
        check_registers(plan, seen)
        if plan["tables"]:
            check_tables(case, plan, planned, text, seen)
        else:
            assert seen["info tlb"].strip() == seen["info mem"].strip() == "PG disabled" and not planned
        return None
    finally:
        image.unlink()


def wait_for_report(folder, process):
    end = time.monotonic() + machine.DEADLINE
    while machine.HALTED not in (serial := machine.read_serial(f"{folder}/serial")):
        assert process.poll() is None and time.monotonic() < end, "no report:\n" + serial
        time.sleep(0.02)
    return machine.Result(None, serial, 0).report()


def check_refusal(error, text, report):
    """The loader's lines say what `aloft plan` says, to the word."""
    said = f"E{error['code']} {error['text']}. What to do: {error['fix']}."
    assert said in report
    assert text.startswith(f"E{error['code']}: {error['text']}\n")


def stop_at_entry(folder, process, plan, table_bytes):
    """Everything that QEMU can tell at the kernel's first instruction."""
    stub = gdb.Stub(machine.connect(f"{folder}/gdb", process))
    monitor = machine.Monitor(f"{folder}/qmp", process)

    def tell(line):
        return monitor.command("human-monitor-command", **{"command-line": line}).replace("\r", "")

    def bytes_at(command, address, size):
        path = folder / "bytes"
        signed = address - (address >> 63 << 64)
        monitor.command(command, val=signed, size=size, filename=str(path))
        return path.read_bytes()

    entry = plan["entry"]
    seen = {"info registers": run_to(stub, tell, int(entry["ip"], 16), folder)}
    seen["info tlb"] = tell("info tlb")
    if not int(entry["cr4"], 16) & CR4_LA57:
        seen["info mem"] = tell("info mem")
    seen["gva2gpa"] = {virt: tell(f"gva2gpa 0x{virt:x}").strip() for virt in edges(plan)}
    seen["stack"] = bytes_at("memsave", int(entry["sp"], 16), 16)
    if plan["tables"]:
        seen["tables"] = bytes_at("pmemsave", int(plan["tables"]["physical"], 16), table_bytes)
    return seen


def edges(plan):
    """Both ends of every mapping, and what lies just outside."""
    shown = [plan["tables"]["recursive"]] if plan["tables"] and plan["tables"]["recursive"] else []
    for row in plan["mappings"] + shown:
        start, end = int(row["virtual"], 16), int(row["virtual"], 16) + int(row["size"], 16)
        yield from (virt for virt in (start - 1, start, end - 1, end) if 0 <= virt < 1 << plan["entry"]["bits"])


def run_to(stub, tell, address, folder):
    """Stops at the entry. The loader or the BIOS may have code at the same address: the magic number tells."""
    for _ in range(50):
        stub.set_break(address)
        stub.go_on(machine.DEADLINE, lambda: machine.HALTED in machine.read_serial(f"{folder}/serial"))
        registers = tell("info registers")
        if re.search(r"^[RE]AX=0*54464c41 ", registers, re.M):
            return registers
        stub.clear_break(address)
        stub.step()
    raise AssertionError("the kernel was not entered")


# ---- what must agree ----

def check_registers(plan, seen):
    """All that docs/handoff.md promises, as `aloft plan` told it and as QEMU shows it."""
    entry, text = plan["entry"], seen["info registers"]
    wide = entry["bits"] == 64
    found = {name: int(value, 16) for name, value in re.findall(r"\b([A-Z]+[0-9]*) ?=([0-9a-f]+)", text)}
    value = {name: int(number, 16) for name, number in entry.items() if isinstance(number, str)}
    letter = "R" if wide else "E"
    for name in ("ip", "sp", "ax", "bx", "cx", "dx", "si", "di", "bp"):
        assert found[letter + name.upper()] == value[name], name
    for name in [f"r{i}" for i in range(8, 16)] * wide:
        assert found[name.upper()] == value[name], name
    assert found["RFL" if wide else "EFL"] == value["flags"]
    for name in ("cr0", "cr3", "cr4", "efer"):
        assert found[name.upper()] == value[name], name
    segments = re.findall(r"^([A-Z]S) =([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ", text, re.M)
    assert [name for name, *_ in segments] == ["ES", "CS", "SS", "DS", "FS", "GS"]
    for name, selector, base, limit, flags in segments:
        assert int(selector, 16) == value[name.lower()] and int(base, 16) == 0 and limit == "ffffffff"
        assert flags == ("00cf9300" if name != "CS" else "00af9b00" if wide else "00cf9b00")
    for name in ("gdt", "idt"):
        base, limit = re.search(rf"^{name.upper()}= +([0-9a-f]+) ([0-9a-f]+)", text, re.M).groups()
        assert (int(base, 16), int(limit, 16)) == (int(entry[name]["base"], 16), entry[name]["limit"])
    assert re.search(r"^LDT=0000 ", text, re.M) and " CPL=0 " in text and " A20=1 " in text
    words = [int.from_bytes(seen["stack"][i:i + (8 if wide else 4)], "little") for i in (0, 4)]
    assert words[0] == 0
    argument = value["di"] if wide else words[1]
    assert value["information_virtual"] < argument == value["di" if wide else "bx"]


def check_tables(case, plan, planned, text, seen):
    cr3, cr4, efer = (int(re.search(rf"\b{name}=([0-9a-f]+)", seen["info registers"])[1], 16)
                      for name in ("CR3", "CR4", "EFER"))
    base, booted = int(plan["tables"]["physical"], 16), seen["tables"]

    def read(address, size):
        assert base <= address <= base + len(booted) - size, "an entry leads out of the tables"
        return booted[address - base:address - base + size]

    pat = plan["entry"]["pat"]
    unit = mmu.Mmu(read, cr3, cr4, efer, pat and int(pat, 16), "pat" in features(case), "1g" in features(case))
    check_bytes(plan, planned, booted, unit)
    pages = list(unit.pages())
    check_info_tlb(seen["info tlb"], pages)
    if "info mem" in seen:
        check_info_mem(seen["info mem"], pages, unit.bits)
    check_gva2gpa(seen["gva2gpa"], unit)
    runs = mmu.runs_of(pages)
    assert runs_of_json(plan) == runs
    assert rows_of_text(text) == rows_of_runs(runs)


def check_bytes(plan, planned, booted, unit):
    """The processor has set the accessed bit of every entry on two ways, to the trampoline's page and to the stack,
    and the dirty bit of the stack's page. All else is as planned, to the bit: the first instruction has not even been
    fetched. The manual has no such bits in PAE's root; QEMU 7.2 sets the accessed bit there too."""
    stack, trampoline = (unit.walk(int(plan["entry"][name], 16))[0] for name in ("sp", "trampoline_virtual"))
    expected = {place: mmu.ACCESSED for place, _ in stack + trampoline}
    expected[stack[-1][0]] |= mmu.DIRTY
    assert len(planned) == len(booted)
    base, as_planned = int(plan["tables"]["physical"], 16), bytearray(booted)
    for place, bits in expected.items():
        in_pae_root = unit.pae_root and unit.root <= place < unit.root + 32
        assert in_pae_root or as_planned[place - base] & bits == bits, f"bits that the processor sets: 0x{place:x}"
        as_planned[place - base] &= ~bits & 255
    if planned != as_planned:
        differ = [f"0x{base + at:x}" for at in range(len(planned)) if planned[at] != as_planned[at]]
        raise AssertionError(f"bytes of the tables are not as planned, at physical {', '.join(differ[:8])}")


def check_info_tlb(text, pages):
    """`info tlb` lists every leaf: address, physical address, and its flags, each of them or a dash. Bit 7 of a small
    page, which is the PAT's and not P, is never shown; in PAE, NX shows in the physical address too."""
    bits = {"X": mmu.NX, "G": mmu.GLOBAL, "P": mmu.LARGE, "D": mmu.DIRTY, "A": mmu.ACCESSED, "C": mmu.PCD, "T": mmu.PWT,
            "U": mmu.USER, "W": mmu.WRITE}
    mask, known = sum(bits.values()), {}
    listed = []
    for virt, phys, flags in re.findall(r"^([0-9a-f]{16}): ([0-9a-f]{16}) ([-XGPDACTUW]{9})$", text, re.M):
        if flags not in known:
            known[flags] = sum(bits[flag] for flag in flags if flag != "-")
        listed.append((int(virt, 16), int(phys, 16) & ~mmu.NX, known[flags]))
    assert len(listed) == len(text.strip().split("\n"))
    small = mask & ~mmu.LARGE
    assert sorted(listed) == [(page.virt, page.phys, page.entry & (small if page.size == 4096 else mask))
                              for page in pages]


def check_info_mem(text, pages, bits):
    """`info mem` lists what is mapped without a gap and with equal rights, all levels together, NX aside. The end of
    the address space has only the bits that are translated."""
    spans = []
    for page in pages:
        rights = "u" * page.user or "-", "w" * page.write or "-"
        if spans and spans[-1][1] == page.virt and spans[-1][2] == rights:
            spans[-1][1] += page.size
        else:
            spans.append([page.virt, page.virt + page.size, rights])
    rows = re.findall(r"^([0-9a-f]{16})-([0-9a-f]{16}) ([0-9a-f]{16}) ([u-])r([w-])$", text, re.M)
    assert len(rows) == len(text.strip().split("\n"))
    listed = [[int(start, 16), int(end, 16) % (1 << bits), int(size, 16), (user, write)]
              for start, end, size, user, write in rows]
    assert sorted(listed) == [[start, end % (1 << bits), end - start, rights] for start, end, rights in spans]


def check_gva2gpa(answers, unit):
    """What QEMU's own translation says of the ends of mappings."""
    for virt, answer in answers.items():
        page = unit.walk(virt)[1] if unit.canonical(virt) else None
        said = f"gpa: {page.phys + virt - page.virt:#x}" if page else "Unmapped"
        assert answer == said.replace(" 0x0", " 0"), hex(virt)


def runs_of_json(plan):
    runs = []
    for row in plan["tables"]["leaves"]:
        where = [int(row[name], 16) for name in ("virtual", "physical", "page_size", "count")]
        runs.append(mmu.Run(*where, *(row[name] for name in ("write", "execute", "user", "global", "cache"))))
    return mmu.join(runs)


UNITS = {"4 KiB": 1 << 12, "2 MiB": 1 << 21, "4 MiB": 1 << 22, "1 GiB": 1 << 30}
ROW = re.compile(r"(?:leaves)? +0x([0-9a-f]+) - 0x([0-9a-f]+) -> 0x([0-9a-f]+) - 0x([0-9a-f]+) +"
                 r"([0-9]+) x ([0-9] [KMG]iB) +(r\S{3}) \S")


def rows_of_text(text):
    """The lines of `aloft plan --tables` as (virtual, physical, page size, count, rights), joined where they go on."""
    rows = []
    for line in text.rstrip("\n").split("\n")[1:]:
        start, end, phys, phys_end, count, unit, rights = ROW.match(line).groups()
        size = int(count) * UNITS[unit]
        assert int(end, 16) - int(start, 16) == int(phys_end, 16) - int(phys, 16) == size
        rows.append(mmu.Run(int(start, 16), int(phys, 16), UNITS[unit], int(count), rights, None, None, None, None))
    return [(*row[:4], row.write) for row in mmu.join(rows)]


def rows_of_runs(runs):
    def rights(run):
        assert not run.user
        last = {"uncached": "u", "write-combining": "c", "write-back": "g" if run.is_global else "-"}[run.cache]
        return f"r{'w' if run.write else '-'}{'x' if run.execute else '-'}{last}"

    rows = mmu.join([mmu.Run(*run[:4], rights(run), None, None, None, None) for run in runs])
    return [(*row[:4], row.write) for row in rows]


# ---- all of them ----

def cases_of(cases):
    return pytest.mark.parametrize("case", dict.fromkeys(cases), ids=lambda case: "-".join(
        word for word in case if word).replace(" ", "").replace("--", "-"))


@cases_of(KERNEL_CASES)
def test_kernel(tmp_path, case):
    assert run(case, tmp_path) == refusal(case)


@cases_of(case for case in LAYOUT_CASES if case not in set(KERNEL_CASES))
def test_layout(tmp_path, case):
    assert run(case, tmp_path) == refusal(case)


@cases_of(OTHER_CASES)
def test_processor_with_a_feature_more_or_less(tmp_path, case):
    assert run(case, tmp_path) == refusal(case)


@cases_of(RANDOM_CASES)
def test_random_plan(tmp_path, case):
    """The address space may refuse too; but what the processor lacks is always refused, and never what it has."""
    refused = run(case, tmp_path)
    if refused in (None, "PLAN_LONG_MODE", "PLAN_CPU", "PLAN_CPU_OPTION"):
        assert refused == refusal(case)
