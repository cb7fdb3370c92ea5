"""How deep the loader's stack gets: it is painted when stage 1 begins, and looked at when all is over. The BIOS runs on it too."""
import gzip
import subprocess
import time

import pytest

import gdb
import machine

BOTTOM, TOP = 0x1000, 0x7000  # docs/memory-map.md
SPARE = 4096
PAINT = (bytes(range(1, 252)) * 100)[:TOP - BOTTOM]  # no zeros, and a period that no structure has
BOOT_SECTOR = 0x7C00
ROUND = 1000  # bytes a packet

KERNEL = (machine.KERNELS / "modules32.elf").read_bytes()
FILES = {"/boot/kernel.elf": KERNEL, **machine.MODULES["files"]}
PLAIN = {**FILES, "/boot/aloft.cfg": machine.config("", machine.MODULES["arguments"], machine.MODULES["extra_config"])}
DEEP = "".join(f"function f{i} {{ if true; then f{i + 1}; fi }}\n" for i in range(10)) + "function f10 { kernel /boot/kernel.elf; }\n"


PACKED = {**PLAIN, "/boot/kernel.elf": gzip.compress(KERNEL), "/boot/two.bin": gzip.compress(FILES["/boot/two.bin"])}


BOOTS = {
    "plain": (PLAIN, {}),
    "gzip": (PACKED, {}),
    "ext4": (PLAIN, {"options": ("--filesystem=ext4",)}),
    "cd": (PLAIN, {"options": ("--format=iso",), "medium": "cd"}),
    "floppy": ({"/boot/kernel.elf": machine.KERNELS / "c0100000.elf"}, {"options": ("--format=floppy",), "medium": "floppy"}),
    "usb": (PLAIN, {"medium": "usb"}),
    "functions": ({**FILES, "/boot/aloft.cfg": DEEP + "set timeout=0\nmenuentry x { f0 }\n"}, {}),
    "menu": ({**FILES, "/boot/aloft.cfg": "set timeout=1\nmenuentry x { kernel /boot/kernel.elf }\n"}, {}),
    "64 bits above 4 GiB": ({"/boot/kernel.elf": machine.KERNELS / "top2g.elf"}, {"memory": "5G"}),
    "an error": ({**FILES, "/boot/aloft.cfg": "set timeout=0\nmenuentry x { kernel '/boot/kernel.elf }\n"}, {}),
}


def untouched(memory):
    """Bytes from the bottom on that are as they were painted."""
    return next((i for i, (byte, paint) in enumerate(zip(memory, PAINT)) if byte != paint), len(memory))


def address_of_enter():
    lines = subprocess.run(["nm", machine.BUILD / "stage2.elf"], capture_output=True, text=True, check=True).stdout
    return next(int(line.split()[0], 16) for line in lines.splitlines() if line.endswith(" T enter"))


def lowest(folder, files, options=(), **where):
    """The lowest address that was written to, at the jump to the trampoline or at the end of an error's report."""
    image = machine.image_of(folder, files, *options)

    def watch(process):
        stub = gdb.Stub(machine.connect(f"{folder}/gdb", process))
        monitor = machine.Monitor(f"{folder}/qmp", process)
        stub.set_break(BOOT_SECTOR)
        stub.go_on(machine.DEADLINE, lambda: False)
        for at in range(0, len(PAINT), ROUND):
            part = PAINT[at:at + ROUND]
            stub.ask(f"M{BOTTOM + at:x},{len(part):x}:{part.hex()}", "OK")
        stub.clear_break(BOOT_SECTOR)
        stub.set_break(address_of_enter())
        stub.send("c")
        end = time.monotonic() + machine.DEADLINE
        while monitor.command("query-status")["running"] and machine.HALTED not in machine.read_serial(folder / "serial"):
            assert process.poll() is None and time.monotonic() < end, machine.read_serial(folder / "serial")
            time.sleep(0.05)
        monitor.command("pmemsave", val=BOTTOM, size=len(PAINT), filename=f"{folder}/memory")
        return BOTTOM + untouched((folder / "memory").read_bytes()), machine.read_serial(folder / "serial")

    gdb_options = ["-S", "-gdb", f"unix:{folder}/gdb,server=on,wait=off"]
    return machine.boot_image(image, folder, extra=gdb_options, watch=watch, **where)


@pytest.mark.parametrize("name", BOOTS)
def test_stack(tmp_path, name, capsys):
    files, options = BOOTS[name]
    at, serial = lowest(tmp_path, files, **options)
    assert (machine.HALTED in serial) == (name == "an error"), serial
    with capsys.disabled():
        print(f"\n  {name}: {TOP - at:,} bytes of stack, {at - BOTTOM:,} spare", end=" ")
    assert BOTTOM + SPARE <= at < TOP - 256, "so little is no boot's: the paint was not seen"
