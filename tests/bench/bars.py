"""What a boot may cost, in one table.

A row: what it is; its value, made of what was measured; the bar, which docs/performance.md explains; and, where the bar is not
met yet, a ceiling: what the value is now, rounded up by 3% or less. A value above its bar (or ceiling) fails `make bench` and
tests/boot/test_counts.py. Whoever makes a value smaller lowers the ceiling, or takes it away.
"""
import collections

import images
import kernels

Bar = collections.namedtuple("Bar", "name value bar ceiling", defaults=[None])

KIB, MIB = kernels.KIB, kernels.MIB


def over_segment(result, kernel):
    return result["bytes"] - kernels.SIZES[kernel]


def growth(get, medium, loader, figure):
    """From the 64 KiB to the 4 MiB kernel."""
    return get(medium, "4M", loader)[figure] - get(medium, "64K", loader)[figure]


def moves(get, medium):
    """How often each 4 bytes of the kernel are moved, and whatever else grows with it, by `rep`."""
    return growth(get, medium, images.OURS, "rep") / ((kernels.SIZES["4M"] - kernels.SIZES["64K"]) / 4)


def calls(get, medium):
    return growth(get, medium, images.OURS, "int13") / growth(get, medium, "limit", "int13")


def against(get, medium, other, loader=images.OURS):
    return get(medium, "64K", loader)["loader"] / get(other, "64K", loader)["loader"]


BARS = [
    Bar("loader instructions, 64 KiB, Multiboot", lambda get: get("ahci", "64K", "Aloft, multiboot")["loader"],
        400_000),
    Bar("loader instructions, 64 KiB, 32-bit handoff", lambda get: get("ahci", "64K", "Aloft, 32-bit")["loader"],
        400_000),
    Bar("loader instructions, 64 KiB, 4-level, 1 GiB mapped", lambda get: get("ahci", "64K", "Aloft, 4-level")["loader"],
        600_000),
    Bar("BIOS disk calls, 64 KiB, Multiboot", lambda get: get("ahci", "64K", "Aloft, multiboot")["int13"], 10),
    Bar("BIOS disk calls, 64 KiB, 32-bit handoff", lambda get: get("ahci", "64K", "Aloft, 32-bit")["int13"], 10),
    Bar("BIOS disk calls, 64 KiB, 4-level", lambda get: get("ahci", "64K", "Aloft, 4-level")["int13"], 10),
    Bar("BIOS disk calls, 64 MiB, over the limit's",
        lambda get: get("ahci", "64M", "Aloft, multiboot")["int13"] / get("ahci", "64M", "limit")["int13"], 1.05),
    Bar("BIOS disk calls for 4 MiB less those for 64 KiB, over the limit's", lambda get: calls(get, "ahci"), 1.05),
    Bar("the same calls, CD", lambda get: calls(get, "cd-ahci"), 1.05),
    Bar("bytes read over the segment's, 64 KiB", lambda get: over_segment(get("ahci", "64K", "Aloft, multiboot"), "64K"),
        128 * KIB),
    Bar("bytes read over the segment's, 4 MiB", lambda get: over_segment(get("ahci", "4M", "Aloft, multiboot"), "4M"),
        128 * KIB),
    Bar("bytes read over the segment's, 64 MiB", lambda get: over_segment(get("ahci", "64M", "Aloft, multiboot"), "64M"),
        128 * KIB, 175_000),  # 64 KiB are the FAT's: 16,384 clusters
    Bar("bytes read over the segment's, 64 KiB, CD", lambda get: over_segment(get("cd-ahci", "64K", "Aloft, multiboot"), "64K"),
        128 * KIB),
    Bar("bytes read over the segment's, 4 MiB, CD", lambda get: over_segment(get("cd-ahci", "4M", "Aloft, multiboot"), "4M"),
        128 * KIB),
    Bar("bytes read over the segment's, 200 MiB of debug sections",
        lambda get: over_segment(get("ahci", "debug", images.ours("debug")), "debug"), 128 * KIB),
    Bar("`rep` iterations for every further 4 bytes", lambda get: moves(get, "ahci"), 1.01),
    Bar("the same iterations, clusters of 512 bytes", lambda get: moves(get, "ahci, small clusters"), 1.01, 1.06),
    Bar("the same iterations, CD", lambda get: moves(get, "cd-ahci"), 1.01),
    Bar("loader instructions for page tables of 16 GiB, 2 MiB pages",
        lambda get: (get("ahci, 16G", "64K", "Aloft, direct map")["loader"]
                     - get("ahci, 16G", "64K", "Aloft, no maps")["loader"]), 100_000),
    Bar("loader instructions with 3 GiB over those with 128 MiB", lambda get: against(get, "ahci, 3G", "ahci, 128M"), 1.02),
    Bar("loader instructions with four drives more over those without", lambda get: against(get, "ahci, 4 drives more", "ahci"),
        1.02),
    Bar("bytes on disk", lambda get: get("ahci", "64K", "Aloft, multiboot")["disk"], 64 * KIB, 113_000),
]

QUICK = ("64K", "4M")


class Recorder(set):
    """Stands for what was measured, and remembers what was asked for."""

    def __call__(self, *case):
        self.add(case)
        return collections.defaultdict(lambda: 1 + len(self))


def needs(bar):
    recorder = Recorder()
    bar.value(recorder)
    return recorder


def quick():
    """The bars that small kernels are enough for."""
    return [bar for bar in BARS if all(kernel in QUICK for _, kernel, _ in needs(bar))]


def judge(bars, results):
    """[(bar, value, is it within its bar or ceiling)] of those for which all was measured."""
    judged = []
    for bar in bars:
        if all(case in results for case in needs(bar)):
            value = bar.value(lambda *case: results[case])
            judged.append((bar, value, value <= (bar.ceiling or bar.bar)))
    return judged


def time_bar(kernel, limit, peer):
    """The most seconds that a boot may take: over the limit program's and over the fastest peer's of the same medium. They
    are told, not demanded: times of a busy machine differ by more than what they are about."""
    over_limit = {"64K": limit + 0.015, "4M": limit * 1.25, "debug": limit * 1.25, "64M": limit * 1.10}[kernel]
    return over_limit, limit * 1.10 if 2 * limit > peer else peer / 2
