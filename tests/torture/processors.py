"""What processors can do, and what a boot on one must come to. Shared by matrix.py and bochs_matrix.py; their tables of
processors are written by hand, so that nothing here repeats what Aloft believes."""
import re

import machine

GIGABYTES = 2300  # MiB with which a page of 1 GiB fits

# (kernel, options, what the processor must have, paging of aloft_info, the sizes that its pages may have)
MODES = [
    ("state-off", "--paging=off", "", 0, set()),
    ("state32", "--paging=32 --pages=4k", "", (1, 2), {0x1000}),
    ("state32", "--paging=32", "", (1, 2), {0x1000, 0x400000}),
    ("wx32", "--paging=32", "", (1, 2), {0x1000, 0x400000}),
    ("state32", "--paging=pae", "pae", 3, {0x1000, 0x200000}),
    ("wx32", "--paging=pae", "pae", 3, {0x1000, 0x200000}),
    ("state64", "--pages=4k", "long", 4, {0x1000}),
    ("state64", "", "long", 4, {0x1000, 0x200000, 0x40000000}),
    ("wx64", "", "long", 4, {0x1000, 0x200000, 0x40000000}),
    ("state64", "--paging=5level", "long la57", 5, {0x1000, 0x200000, 0x40000000}),
    ("wx64", "--paging=5level", "long la57", 5, {0x1000, 0x200000, 0x40000000}),
]

# As the plan names them, in its order.
NAMES = {"pse": "PSE (4 MiB pages)", "pae": "PAE", "nx": "NX (no execution)", "long": "long mode", "1g": "1 GiB pages",
         "la57": "LA57 (5-level paging)", "pge": "PGE (global pages)", "pat": "PAT"}


def files(kernel, options):
    return {"/boot/kernel.elf": machine.KERNELS / f"{kernel}.elf", "/boot/aloft.cfg": machine.config(options)}


def refusal(features, mode):
    """The words of the error that this mode must end in, or None if the processor can."""
    lacks = [need for need in mode[2].split() if need not in features]
    if not lacks:
        return None
    return "this CPU has no long mode" if "long" in lacks else f"needs the CPU feature {NAMES[lacks[0]].split(' (')[0]}"


def judge(serial, features, mode, memory):
    """The kernel passed; and the tables that it found are those that this processor can have. memory: MiB. A page of a size fits
    if there is more than twice as much: the first has unlike kinds of memory in it, and of the last most BIOSes keep some. Where it is
    twice as much, the BIOS that keeps none (Bochs's legacy one) leaves room for one."""
    kernel, _, _, paging, sizes = mode
    assert re.search(rf"^PASS {kernel}$", serial, re.M), serial[-2000:]
    line = re.search(r"^cpu +(.*), \d+ address bits$", serial, re.M)
    found = line[1] if line else ""
    assert found == ", ".join(name for feature, name in NAMES.items() if feature in features), line
    if isinstance(paging, tuple):
        paging = paging["pse" in features and "4k" not in mode[1]]
    assert f"info paging {paging:#x}\n" in serial, serial
    leaves = {int(size, 16) for size in re.findall(r"^info leaf \S+ \S+ (\S+)", serial, re.M)}
    wanted = set(sizes)
    if paging == 1:
        wanted = {0x1000}
    if "1g" not in features:
        wanted.discard(0x40000000)
    least, most = ({size for size in wanted if 2 * size < limit} for limit in (memory << 20, (memory << 20) + 1))
    assert least <= leaves <= most, (leaves, least, most)
