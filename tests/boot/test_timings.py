"""What a kernel is told of the time that its boot took, and what verbose mode prints of it. No test judges a time; that every part
took some, and all together no more than the total, is what each test kernel checks (test-kernels/lib/check.c)."""
import re

import pytest

import machine

PARTS = ("probe", "open", "plan", "load", "tables")
LINE = r"^time      " + ", ".join(rf"{name} (\d+)\.(\d)" for name in (*PARTS, "total")) + " million cycles$"


def told(result):
    return {name: int(value, 16) for name, value in re.findall(r"^info timings\.(\w+) (0x[0-9a-f]+)$", result.serial, re.M)}


@pytest.mark.parametrize("name,options,cpu", [("state32", "", "pentium"), ("state-off", "--paging=off", "qemu64"), ("state64", "", "max")])
def test_the_line_says_what_the_kernel_is_told(tmp_path, name, options, cpu):
    result = machine.boot_kernel(tmp_path, name, options=options, cpu=cpu)
    numbers = re.search(LINE, result.serial, re.M).groups()
    printed = [int(whole + tenth) for whole, tenth in zip(numbers[::2], numbers[1::2])]
    timings = told(result)
    assert printed[:-1] == [timings[part] // 100_000 for part in PARTS]
    assert 0 < printed[-1] <= timings["total"] // 100_000  # it was printed a moment earlier


@pytest.mark.parametrize("name", ["state32", "c0100000"])
def test_a_processor_without_a_counter(tmp_path, name):
    result = machine.boot_kernel(tmp_path, name, cpu="486")
    timings = told(result)
    assert set(timings) == {"start", *PARTS, "total"} and not any(timings.values())
    assert not re.search("^time ", result.serial, re.M)


def test_what_is_no_part_is_in_the_total(tmp_path):
    """A second of menu, and of a failed entry what it got done: the kernel of the fallback finds both in the total."""
    config = ("set timeout=1\nset fallback=1\nmenuentry a {\n    kernel /absent\n}\n"
              "menuentry b {\n    kernel /boot/kernel.elf\n}\n")
    result = machine.boot(tmp_path, {"/boot/kernel.elf": machine.KERNELS / "c0100000.elf", "/boot/aloft.cfg": config})
    assert result.status == machine.PASS, result.serial[-2000:]
    timings = told(result)
    assert sum(timings[part] for part in PARTS) * 2 < timings["total"]
