"""What a boot costs: read requests and bytes as QEMU's block layer counts them, and the time from power-on to the
kernel's first instruction (the median of some runs; it depends on the machine and its load, the counts do not).

The kernels are one PT_LOAD of noise of the given size; their first instructions send `!` to the serial port.
"""
import pathlib
import random
import statistics
import struct
import sys
import tempfile

import machine

RUNS = 3
SIZES = [("17 KiB", 17 << 10), ("4 MiB", 4 << 20), ("32 MiB", 32 << 20)]
MEDIA = ["ahci", "virtio", "hdd", "usb", "floppy"]
FLOPPY_ROOM = 1_300_000
CODE = bytes.fromhex("66bafd03eca82074fb66baf803b021eef4ebfd")  # wait for the port, send `!`, halt


def kernel(size):
    header = struct.pack("<4s5B7xHHIIIIIHHHHHH", b"\x7fELF", 1, 1, 1, 0, 0, 2, 3, 1, 0xC0100000, 52, 0, 0, 52, 32, 1,
                         0, 0, 0)
    segment = struct.pack("<8I", 1, 4096, 0xC0100000, 0x100000, size, size, 7, 4096)
    noise = random.Random(size).randbytes(size - len(CODE))
    return (header + segment).ljust(4096, b"\0") + CODE + noise


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


if __name__ == "__main__":
    main()
