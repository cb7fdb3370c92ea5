"""One boot under QEMU: what went in, what came out.

A test describes the files of the boot volume and the machine; boot() makes the image with `aloft image`, starts
QEMU (TCG, no display, nothing written to the image), waits until the kernel leaves through isa-debug-exit or until
the serial log shows a given text, and returns what was seen. QEMU is ended by its own process handle, always.
"""
import functools
import hashlib
import json
import os
import pathlib
import re
import socket
import subprocess
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
ALOFT = BUILD / "aloft"
KERNELS = BUILD / "kernels"

PASS, FAIL = 33, 35  # exit statuses of QEMU for 0x10 and 0x11 written to isa-debug-exit
HALTED = "Ctrl+Alt+Del restarts the machine."  # the last line of every error report
DEADLINE = 120  # seconds; no test judges a time, this only ends what hangs

CDS = ("cd", "cd-ahci", "cd-scsi")  # media that are CDs; an image of a CD boots from all other media too

# What the kernels modules32 and modules64 check (test-kernels/modules/kernel.c).
MODULES = {
    "arguments": r'hello "big world" x=1',
    "extra_config": "    module /boot/one.bin first argument\n    module /boot/two.bin\n",
    "files": {"/boot/one.bin": bytes((i * 7 + 3) & 0xFF for i in range(5000)),
              "/boot/two.bin": bytes((i * 13 + 1) & 0xFF for i in range(1_000_003))},
}


def resident_sectors():
    """How many sectors of stage2.bin stage 1 reads; the rest is read when it is needed (stage1/boot.h)."""
    return int((BUILD / "resident.inc").read_text().split()[-1])


def loader_crc():
    """By which one loader is told from another."""
    return functools.reduce(lambda crc, name: zlib.crc32((BUILD / name).read_bytes(), crc), ("stage2.bin", "boot.bin", "cd.bin"), 0)


def blkdebug(image, read_only, **rules):
    """The -blockdev of an image on which reads fail by QEMU's rules."""
    return json.dumps({
        "driver": "raw", "node-name": "disk", "read-only": read_only,
        "file": {"driver": "blkdebug", **rules, "image": {"driver": "file", "filename": str(image), "locking": "off"}}})


class Result:
    def __init__(self, status, serial, seconds, screen=None, reads=None, inspected=None):
        self.status = status    # None if QEMU had to be ended
        self.serial = serial
        self.seconds = seconds  # since power-on
        self.screen = screen    # with `until`: the lines of the text screen
        self.inspected = inspected
        self.reads, self.bytes_read = reads or (None, None)  # likewise: what the disk was asked for

    def report(self):
        """The error report on the serial line as one line of words, without what the menu adds to it."""
        start = self.serial.rfind("could not boot")
        return " ".join(self.serial[start:].replace("Any key goes to the menu.", "").split())


def error_report(serial):
    """The last error report on a serial line, with its line breaks, from the error's number to its cure."""
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", serial[serial.rindex("could not boot"):])
    text = text[text.index("\n"):text.index("Nothing was written")]
    return text.removesuffix("  Any key goes to the menu.\n  ").strip("\n").rstrip()


def config(options="", arguments="", extra=""):
    line = " ".join(word for word in ("kernel", options, "/boot/kernel.elf", arguments) if word)
    return f'set timeout=0\nset verbose=1\nmenuentry "test" {{\n    {line}\n{extra}}}\n'


def make_tree(folder, files):
    """Writes {path on the volume: bytes, text or a host path} below folder."""
    for name, content in files.items():
        path = pathlib.Path(folder) / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, pathlib.Path):
            path.symlink_to(content)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)


def aloft(*arguments, status=0):
    """Runs the host command and returns its output; the exit status must be as given."""
    done = subprocess.run([str(ALOFT), *map(str, arguments)], capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stdout + done.stderr


def image_of(folder, files, *options):
    """A disk image that boots these files."""
    tree = pathlib.Path(folder) / "tree"
    make_tree(tree, files)
    image = pathlib.Path(folder) / "disk.img"
    aloft("image", "-o", image, *options, tree)
    return image


def drive_options(image, medium, machine, blockdev):
    """QEMU's options for the boot drive. blockdev is its -blockdev definition, with node name `disk`. A medium that is a list
    is what stands here."""
    if isinstance(medium, list):
        return ["-blockdev", blockdev, *medium]
    bus = {
        "hdd": ["-device", "ide-hd,drive=disk" + (",bus=ide.0" if machine == "q35" else "")],
        "floppy": ["-device", "isa-fdc,id=fdc"] * (machine == "q35") + ["-device", "floppy,drive=disk"],
        "virtio": ["-device", "virtio-blk-pci,drive=disk"],
        "ahci": ["-device", "ich9-ahci,id=ahci", "-device", "ide-hd,drive=disk,bus=ahci.0"],
        "nvme": ["-device", "nvme,drive=disk,serial=1"],
        "usb": ["-device", "qemu-xhci", "-device", "usb-storage,drive=disk"],
        "usb-ehci": ["-device", "usb-ehci", "-device", "usb-storage,drive=disk"],
        "scsi": ["-device", "virtio-scsi-pci", "-device", "scsi-hd,drive=disk"],
        "lsi": ["-device", "lsi53c895a", "-device", "scsi-hd,drive=disk"],
        "mpt": ["-device", "mptsas1068", "-device", "scsi-hd,drive=disk"],
        "megasas": ["-device", "megasas", "-device", "scsi-hd,drive=disk"],
        "pvscsi": ["-device", "pvscsi", "-device", "scsi-hd,drive=disk"],
        "sdhci": ["-device", "sdhci-pci", "-device", "sd-card,drive=disk"],
        "cd": ["-device", "ide-cd,drive=disk" + (",bus=ide.0" if machine == "q35" else "")],
        "cd-ahci": ["-device", "ich9-ahci,id=ahci", "-device", "ide-cd,drive=disk,bus=ahci.0"],
        "cd-scsi": ["-device", "virtio-scsi-pci", "-device", "scsi-cd,drive=disk"],
    }[medium]
    return ["-blockdev", blockdev, *bus]


def connect(path, process):
    """A connection to one of QEMU's own sockets, as soon as it is there."""
    end = time.monotonic() + DEADLINE
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
            return connection
        except OSError:
            connection.close()
            assert process.poll() is None and time.monotonic() < end, f"QEMU ended before {path} was there"
            time.sleep(0.005)


class Monitor:
    """QEMU's own control channel (QMP)."""

    def __init__(self, path, process):
        self.socket = connect(path, process)
        self.file = self.socket.makefile("rw")
        self.file.readline()
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        self.file.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "event" not in answer:
                assert "return" in answer, answer
                return answer["return"]

    def screen_text(self, folder):
        path = f"{folder}/vga"
        self.command("pmemsave", val=0xB8000, size=80 * 25 * 2, filename=path)
        cells = pathlib.Path(path).read_bytes()
        text = cells[::2].decode("cp437").replace("\0", " ")
        return [text[i * 80:i * 80 + 80].rstrip() for i in range(25)]

    def reads(self):
        """Read requests and bytes of all drives, the firmware's own included."""
        stats = [drive["stats"] for drive in self.command("query-blockstats", **{"query-nodes": False})]
        return sum(each["rd_operations"] for each in stats), sum(each["rd_bytes"] for each in stats)


def qemu_command(image, folder, medium="hdd", machine="pc", memory="128M", cpu=None, blockdev=None, extra=(),
                 binary="qemu-system-x86_64", serial=()):
    """The command line, with QMP at folder/qmp. `serial` is the options of the serial port."""
    blockdev = blockdev or json.dumps(
        {"driver": "raw", "node-name": "disk", "read-only": medium == "floppy" or medium in CDS,
         "file": {"driver": "file", "filename": str(image), "locking": "off"}})
    return [
        binary, "-M", machine, "-m", memory, "-accel", "tcg", "-display", "none", "-nodefaults", "-vga", "std",
        "-no-reboot", *serial, "-qmp", f"unix:{folder}/qmp,server=on,wait=off",
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4", *(["-cpu", cpu] if cpu else []),
        *drive_options(image, medium, machine, blockdev), *extra]


def boot_image(image, folder, until=None, screenshot=None, serial=True, inspect=None, watch=None, **where):
    """Boots an image. With `until`, waits for that text on the serial line, then looks at the screen; and calls
    inspect(monitor), whose answer becomes Result.inspected. With `watch`, watch(process) is all that happens while
    QEMU runs, its answer is the result, and nobody asks whether the disk was written to."""
    serial_path, monitor_path = f"{folder}/serial", f"{folder}/qmp"
    command = qemu_command(image, folder, serial=["-serial", f"file:{serial_path}"] if serial else [], **where)
    for path in (serial_path, monitor_path):  # of an earlier boot in the same folder
        pathlib.Path(path).unlink(missing_ok=True)
    before = None if watch else hashlib.sha256(pathlib.Path(image).read_bytes()).digest()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        result = watch(process) if watch else wait(process, serial_path, monitor_path, folder, until, screenshot, inspect)
    finally:
        process.kill()
        process.wait()
    assert watch or hashlib.sha256(pathlib.Path(image).read_bytes()).digest() == before, "the disk was written to"
    return result


def read_serial(path):
    path = pathlib.Path(path)
    return path.read_text(errors="replace").replace("\r", "") if path.exists() else ""


def wait(process, serial_path, monitor_path, folder, until, screenshot, inspect):
    start = time.monotonic()
    monitor = Monitor(monitor_path, process) if callable(until) else None
    while time.monotonic() < start + DEADLINE:
        seconds = time.monotonic() - start
        if process.poll() is not None:
            output = process.stdout.read()
            serial = read_serial(serial_path)
            assert process.returncode in (PASS, FAIL) or until is None, (process.returncode, output, serial)
            return Result(process.returncode, serial, seconds)
        if until and (until(monitor) if monitor else until in read_serial(serial_path)):
            monitor = monitor or Monitor(monitor_path, process)
            time.sleep(0.1)  # the screen follows the serial line
            if screenshot:
                screenshot.parent.mkdir(exist_ok=True)
                monitor.command("screendump", filename=str(screenshot),
                                format="ppm" if screenshot.suffix == ".ppm" else "png")
            inspected = inspect(monitor) if inspect else None
            return Result(None, read_serial(serial_path), seconds, monitor.screen_text(folder), monitor.reads(),
                          inspected)
        if not until and HALTED in read_serial(serial_path):
            raise AssertionError("the loader stopped:\n" + read_serial(serial_path))
        time.sleep(0.02)
    raise AssertionError("nothing came of it in time:\n" + read_serial(serial_path))


def boot(folder, files, medium="hdd", image_options=None, **machine):
    """Makes the image and boots it."""
    form = "floppy" if medium == "floppy" else "iso" if medium in CDS else "hdd"
    image = image_of(folder, files, *(image_options or [f"--format={form}"]))
    return boot_image(image, folder, medium=medium, **machine)


def boot_kernel(folder, name, options="", arguments="", extra_config="", files=None, **machine):
    """Boots one of the test kernels and demands that it passes."""
    tree = {"/boot/kernel.elf": KERNELS / f"{name}.elf", "/boot/aloft.cfg": config(options, arguments, extra_config)}
    tree.update(files or {})
    result = boot(folder, tree, **machine)
    assert result.status == PASS, result.serial[-2000:]
    assert re.search(rf"^PASS {name}$", result.serial, re.M), result.serial[-2000:]
    return result


def plan_text(serial):
    """The lines that the loader printed in verbose mode: from `kernel` to the last line of its columns."""
    lines = serial.split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith("kernel "))
    taken = []
    for line in lines[start:]:
        if not re.match(r"(kernel|command|cpu|paging|screen|entry|memory|load|place|map|note|          ) ?", line):
            break
        taken.append(line)
    return taken
