"""A processor exception inside the loader is told of, and is the end: instructions are put into a running loader.

The text is in a part of stage 2 that a plain boot does not unpack (stage2/parts.h), so an exception inside the handler of an
exception happens on the way.
"""
import subprocess
import time

import pytest

import gdb
import machine

PLACE = "protocol_plan"  # called once in a boot, in the middle of it


def address_of(symbol):
    lines = subprocess.run(["nm", machine.BUILD / "stage2.elf"], capture_output=True, text=True, check=True).stdout
    return next(int(line.split()[0], 16) for line in lines.splitlines() if line.split()[-1] == symbol)


@pytest.mark.parametrize("code, vector, error_code, behind", [
    ("0f0b", 6, 0, 0),                   # ud2
    ("31c9f7f1", 0, 0, 2),               # xor ecx, ecx; div ecx
    ("66b8f8ff8ed8", 13, 0xFFF8, 4),     # mov ax, 0xfff8; mov ds, ax
    ("cc", 3, 0, 1),                     # int3 where all of the code is there
], ids=["ud2", "div", "selector", "int3"])
def test_exception(tmp_path, code, vector, error_code, behind):
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": machine.KERNELS / "example32.elf"})
    place = address_of(PLACE)

    def watch(process):
        stub = gdb.Stub(machine.connect(f"{tmp_path}/gdb", process))
        stub.set_break(place)
        stub.go_on(machine.DEADLINE, lambda: False)
        stub.ask(f"M{place:x},{len(code) // 2:x}:{code}", "OK")
        stub.clear_break(place)
        stub.send("c")
        end = time.monotonic() + machine.DEADLINE
        while "ESI" not in (serial := machine.read_serial(tmp_path / "serial")):
            assert process.poll() is None and time.monotonic() < end, "no report:\n" + serial
            time.sleep(0.02)
        time.sleep(0.1)
        assert process.poll() is None  # and no reset, which -no-reboot would make the end
        return machine.read_serial(tmp_path / "serial")

    serial = machine.boot_image(image, tmp_path, extra=["-S", "-gdb", f"unix:{tmp_path}/gdb,server=on,wait=off"], watch=watch)
    assert "a processor exception in the loader" in serial
    assert f"vector {vector}, error code 0x{error_code:x}, EIP 0x{place + behind:x}," in serial
