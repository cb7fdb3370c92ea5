"""What a boot costs, in counts: the bars of tests/bench/bars.py that small kernels are enough for; and the bench itself.

Times are not judged here: `make bench` tells them.
"""
import functools
import random
import sys

import pytest

import machine

sys.path.append(str(machine.ROOT / "tests/bench"))
import bars  # noqa: E402
import bench  # noqa: E402
import boots  # noqa: E402
import images  # noqa: E402
import kernels  # noqa: E402
import profiles  # noqa: E402


boots.DEADLINE = 60  # what takes longer with such kernels hangs


@functools.cache
def figures(case):
    assert boots.why_not() is None, boots.why_not()
    return bench.measure_counts([case])[case]


@pytest.mark.parametrize("bar", bars.quick(), ids=lambda bar: bar.name.replace(" ", "-"))
def test_bar(bar, capsys):
    [(_, value, is_within)] = bars.judge([bar], {case: figures(case) for case in bars.needs(bar)})
    with capsys.disabled():
        print(f"\n  {bench.number(value)}, at most {bench.number(bar.ceiling or bar.bar)}", end=" ")
    assert is_within, f"{bar.name}: {value}, which may be {bar.ceiling or bar.bar}; see tests/bench/bars.py"


@pytest.mark.parametrize("value, bar, ceiling, is_within", [
    (10, 10, None, True), (11, 10, None, False), (15, 10, 15, True), (16, 10, 15, False)])
def test_a_bar_can_be_missed(value, bar, ceiling, is_within):
    row = bars.Bar("x", lambda get: get("m", "k", "l")["f"], bar, ceiling)
    assert bars.judge([row], {("m", "k", "l"): {"f": value}}) == [(row, value, is_within)]
    assert bars.judge([row], {}) == []


def test_ceilings_are_above_their_bars():
    """A ceiling at or below its bar says that the bar is met: then it goes."""
    for bar in bars.BARS:
        assert bar.ceiling is None or bar.ceiling > bar.bar, bar.name


CALLS = [("ahci", "64K", 1), ("ahci", "4M", 64), ("virtio", "4M", 64), ("cd-ahci", "64K", 1), ("cd-ide", "4M", 64),
         ("floppy", "64K", 8)]


@pytest.mark.parametrize("medium, kernel, calls", CALLS)
def test_the_counter_counts(medium, kernel, calls):
    """The limit program is known instruction by instruction: 32 before and after its loop, at most 40 a transfer."""
    found, size = figures((medium, kernel, "limit")), kernels.SIZES[kernel]
    assert found["int13"] == calls
    assert size / 4 <= found["rep"] <= size / 4 + calls  # TCG comes back once more to see that nothing is left
    assert 32 + 30 * calls <= found["loader"] <= 32 + 41 * calls
    assert found["bytes"] is None if medium == "floppy" else size < found["bytes"] <= size + (16 << 10)


def test_the_limit_program_moves_what_it_reads(tmp_path):
    """At its jump the whole kernel lies at 1 MiB."""
    image, _ = images.make(tmp_path, "disk", "4M", "limit")
    taken = tmp_path / "memory"

    def look(monitor):
        monitor.command("pmemsave", val=kernels.PLACE, size=kernels.SIZES["4M"], filename=str(taken))
        return taken.read_bytes()

    assert boots.boot(image, "ahci", counts=False, inspect=look)["inspected"] == kernels.segment("4M")


SHOWING = {"progress_begin", "progress_add", "progress_end", "show", "number", "console_status", "fill_row", "text_string",
           "text_char", "text_decimal"}


def test_progress_costs_little(tmp_path, capsys):
    """A load of more than half a second, by programmed I/O: less than 0.1% of what is executed goes into showing how far it is,
    by its own functions and by those that it calls; and no part of stage 2 is unpacked for it."""
    long, short = ({name: count for count, name in profiles.profile("ide", kernel, images.NATIVE)[1]} for kernel in ("64M", "64K"))
    assert "fill_row" in long and "fill_row" not in short, "the long load shows it, the short one does not"
    head = "(stage 2's head: unpacking)"
    assert long[head] == short[head] and "unlzma" not in long
    share = sum(long.get(name, 0) for name in SHOWING) / sum(long.values())
    with capsys.disabled():
        print(f"\n  {share:.3%} of {bench.number(sum(long.values()))}", end=" ")
    assert share < 0.001


def test_a_boot_can_be_too_expensive(tmp_path):
    """A thousand files in front of the kernel's must be read and so are counted: counts are of this boot and no other."""
    plain = figures(("ahci", "64K", images.OURS))
    names = random.Random(5).sample(range(10 ** 6), 1000)
    many = {f"/boot/a-long-name-{number:06}.txt": "" for number in names}
    kernels.write(tmp_path / "kernel.elf", "64K")
    image = machine.image_of(tmp_path, {**many, "/boot/kernel.elf": tmp_path / "kernel.elf",
                                        "/boot/aloft.cfg": "multiboot /boot/kernel.elf\nboot\n"}, "--fat=32")
    found = boots.boot(image, "ahci", counts=True)
    assert found["loader"] > plain["loader"] + 1000 and found["bytes"] > plain["bytes"] + 1000 * 32
