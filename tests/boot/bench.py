"""What a boot costs: read requests and bytes as QEMU's block layer counts them, and the time from power-on to the
kernel's first instruction (the median of some runs; it depends on the machine and its load, the counts do not).

The kernels are one PT_LOAD of noise of the given size; their first instructions send `!` to the serial port.

Then Aloft beside GRUB: from power-on to that `!`, for images that `aloft image` and grub-mkrescue make of one directory, the
two in turn. A boot sector that sends it shows how much of the time is the firmware's.
"""
import json
import pathlib
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import machine

RUNS = 3
SIZES = [("17 KiB", 17 << 10), ("4 MiB", 4 << 20), ("32 MiB", 32 << 20)]
MEDIA = ["ahci", "virtio", "hdd", "usb", "floppy"]
FLOPPY_ROOM = 1_300_000
GRUB_RUNS = 5
GRUB_CONFIG = 'set timeout=0\nmenuentry "bench" {\n    multiboot /boot/kernel.elf\n    boot\n}\n'
SECTOR_CODE = bytes.fromhex("bafd03eca82074fbbaf803b021eef4ebfd")  # the same with 16 bits
CODE = bytes.fromhex("66bafd03eca82074fb66baf803b021eef4ebfd")  # wait for the port, send `!`, halt


def kernel(size):
    header = struct.pack("<4s5B7xHHIIIIIHHHHHH", b"\x7fELF", 1, 1, 1, 0, 0, 2, 3, 1, 0xC0100000, 52, 0, 0, 52, 32, 1,
                         0, 0, 0)
    segment = struct.pack("<8I", 1, 4096, 0xC0100000, 0x100000, size, size, 7, 4096)
    noise = random.Random(size).randbytes(size - len(CODE))
    return (header + segment).ljust(4096, b"\0") + CODE + noise


def multiboot_kernel(size):
    content = bytearray(kernel(size))
    struct.pack_into("<I", content, 52 + 8, 0x100000)  # p_vaddr; the header comes behind the program header
    struct.pack_into("<I", content, 24, 0x100000)
    struct.pack_into("<III", content, 128, 0x1BADB002, 0, -0x1BADB002 & 0xFFFFFFFF)
    return bytes(content)


def seconds_to_kernel(image, medium):
    blockdev = {"driver": "raw", "node-name": "disk", "read-only": medium in machine.CDS,
                "file": {"driver": "file", "filename": str(image), "locking": "off"}}
    command = ["qemu-system-x86_64", "-M", "pc", "-m", "256M", "-accel", "tcg", "-display", "none", "-nodefaults", "-vga",
               "std", "-serial", "stdio", *machine.drive_options(image, medium, "pc", json.dumps(blockdev))]
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0)
    try:
        while (byte := process.stdout.read(1)) != b"!":
            assert byte, "QEMU ended"
        return time.monotonic() - start
    finally:
        process.kill()
        process.wait()


def beside_grub():
    print(f"\n{'kernel':8} {'medium':8} {'firmware, s':>12} {'GRUB, s':>8} {'Aloft, s':>9} {'GRUB/Aloft':>11}")
    for name, size in SIZES[:2]:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            machine.make_tree(folder / "iso", {"/boot/kernel.elf": multiboot_kernel(size), "/boot/grub/grub.cfg": GRUB_CONFIG})
            images = [folder / "firmware.img", folder / "grub.iso", folder / "aloft.iso"]
            images[0].write_bytes((SECTOR_CODE.ljust(510, b"\0") + b"\x55\xaa").ljust(1 << 20, b"\0"))
            subprocess.run(["grub-mkrescue", "-o", images[1], folder / "iso"], check=True, capture_output=True)
            machine.aloft("image", "-o", images[2], folder / "iso")
            for medium in ("cd", "hdd", "ahci"):
                runs = [[seconds_to_kernel(image, "hdd" if image == images[0] else medium) for image in images]
                        for _ in range(GRUB_RUNS)]
                firmware, grub, aloft = (statistics.median(times) for times in zip(*runs))
                print(f"{name:8} {medium:8} {firmware:12.2f} {grub:8.2f} {aloft:9.2f} {grub / aloft:11.1f}")
                sys.stdout.flush()


def main():
    print(f"{'kernel':8} {'medium':8} {'requests':>9} {'bytes':>11} {'over kernel':>12} {'time, s':>8}")
    for name, size in SIZES:
        for medium in MEDIA:
            if medium == "floppy" and size > FLOPPY_ROOM:
                continue
            with tempfile.TemporaryDirectory() as folder:
                form = ["--format=floppy"] if medium == "floppy" else ["--fat=32"]
                image = machine.image_of(folder, {"/boot/kernel.elf": kernel(size)}, *form)
                runs = [machine.boot_image(image, folder, medium=medium, memory="256M", until="!") for _ in range(RUNS)]
            seconds = statistics.median(run.seconds for run in runs)
            reads, count = runs[-1].reads, runs[-1].bytes_read
            # QEMU does not count what a floppy drive reads.
            counts = f"{reads:9} {count:11} {count - size:12}" if reads else f"{'-':>9} {'-':>11} {'-':>12}"
            print(f"{name:8} {medium:8} {counts} {seconds:8.2f}")
            sys.stdout.flush()
    beside_grub()


if __name__ == "__main__":
    main()
