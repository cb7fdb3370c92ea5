"""A processor exception inside the loader is told of, and is the end: instructions are put into a running loader.

The text is in a part of stage 2 that a plain boot does not unpack (stage2/parts.h), so an exception inside the handler of an
exception happens on the way.
"""
import re
import subprocess
import time

import pytest

import gdb
import machine

PLACE = "protocol_plan"  # called once in a boot, in the middle of it


def address_of(symbol):
    lines = subprocess.run(["nm", machine.BUILD / "stage2.elf"], capture_output=True, text=True, check=True).stdout
    return next(int(line.split()[0], 16) for line in lines.splitlines() if line.split()[-1] == symbol)


def report_of(tmp_path, patches, last):
    """Writes code over functions of a running loader, by name, where PLACE is reached; what it says up to the line that has
    the word `last`."""
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": machine.KERNELS / "example32.elf",
                                        "/boot/aloft.cfg": "kernel /boot/kernel.elf\n"})
    place = address_of(PLACE)

    def watch(process):
        stub = gdb.Stub(machine.connect(f"{tmp_path}/gdb", process))
        stub.set_break(place)
        stub.go_on(machine.DEADLINE, lambda: False)
        for name, code in patches.items():
            stub.ask(f"M{address_of(name):x},{len(code) // 2:x}:{code}", "OK")
        stub.clear_break(place)
        stub.send("c")
        end = time.monotonic() + 40
        while not re.search(rf"{last}.*\n", machine.read_serial(tmp_path / "serial")):
            assert process.poll() is None and time.monotonic() < end, "no report:\n" + machine.read_serial(tmp_path / "serial")
            time.sleep(0.02)
        time.sleep(0.1)
        assert process.poll() is None  # and no reset, which -no-reboot would make the end
        screen = machine.Monitor(f"{tmp_path}/qmp", process).screen_text(tmp_path)
        return machine.read_serial(tmp_path / "serial"), screen

    return machine.boot_image(image, tmp_path, extra=["-S", "-gdb", f"unix:{tmp_path}/gdb,server=on,wait=off"], watch=watch)


@pytest.mark.parametrize("code, vector, error_code, behind", [
    ("0f0b", 6, 0, 0),                   # ud2
    ("31c9f7f1", 0, 0, 2),               # xor ecx, ecx; div ecx
    ("66b8f8ff8ed8", 13, 0xFFF8, 4),     # mov ax, 0xfff8; mov ds, ax
    ("cc", 3, 0, 1),                     # int3 where all of the code is there
], ids=["ud2", "div", "selector", "int3"])
def test_exception(tmp_path, code, vector, error_code, behind):
    serial, screen = report_of(tmp_path, {PLACE: code}, "calls")
    assert "a processor exception in the loader" in serial
    told = f"vector {vector}, error code 0x{error_code:x}, EIP 0x{address_of(PLACE) + behind:x},"
    assert told in serial and any(told in line for line in screen)
    calls = [int(word, 16) for word in re.search(r"  calls (.*)", serial)[1].split()]
    assert calls[0] in range(address_of("boot"), address_of("boot") + 0x800), serial
    assert any(call in range(address_of("main"), address_of("main") + 0x800) for call in calls[1:]), serial  # old words may lie between


def test_names_of_calls(tmp_path):
    """What the loader said, given to the doctor, has names."""
    report_of(tmp_path, {PLACE: "0f0b"}, "calls")
    text = machine.aloft("doctor", tmp_path / "serial")
    words = " ".join(text.split())
    assert f"invalid opcode (vector 6) in Aloft itself, at {PLACE}+0x0" in words, text
    assert re.search(r"called from boot\+0x\w+ .*called from main\+0x\w+ .*called from start\+0x", words), text
    assert "What to do: report" in words


def test_report_that_does_not_come(tmp_path):
    """Without the part that exception() is in, the core has a line of its own."""
    serial, screen = report_of(tmp_path, {PLACE: "0f0b", "part_load": "31c0c3"}, "no more can be told")  # xor eax, eax; ret
    told = f"Aloft: an exception in the loader, no more can be told of it: EIP 0x{address_of(PLACE):08X}"
    assert told in serial and "".join(screen[:2]).startswith(told), screen
    assert serial.count("Aloft: an exception") == 1


def test_exception_in_the_report(tmp_path):
    """An exception while one is reported ends in the same line."""
    serial, _ = report_of(tmp_path, {PLACE: "0f0b", "text_hex": "0f0b"}, "no more can be told")
    assert f"EIP 0x{address_of(PLACE):08X}\n" in serial
