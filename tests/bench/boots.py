"""One measured boot: an image under QEMU with the plugin counter.c, until the kernel's first instruction.

A boot is counted or timed, not both: counting makes QEMU slower.
"""
import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "boot"))
import machine  # noqa: E402

PLUGIN = machine.BUILD / "bench/counter.so"
DEADLINE = 900  # seconds: GRUB reads 200 MiB from an IDE disk

Medium = collections.namedtuple("Medium", "form board drive memory extra", defaults=["1G", ()])

# The form of image, QEMU's machine, and the drive as machine.py calls it.
MEDIA = {
    "ahci": Medium("disk", "q35", "hdd"),
    "virtio": Medium("disk", "pc", "virtio"),
    "ide": Medium("disk", "pc", "hdd"),
    "cd-ahci": Medium("cd", "q35", "cd"),
    "cd-ide": Medium("cd", "pc", "cd"),
    "floppy": Medium("floppy", "pc", "floppy"),
}

# For bars on growth.
DRIVES = [word for i in range(4) for word in ("-drive", f"if=none,id=more{i},driver=null-co,size=1G,read-zeroes=on", "-device",
                                              f"virtio-blk-pci,drive=more{i}")]
VARIANTS = {
    "ahci, 128M": Medium("disk", "q35", "hdd", "128M"),
    "ahci, 3G": Medium("disk", "q35", "hdd", "3G"),
    "ahci, 16G": Medium("disk", "q35", "hdd", "16G"),
    "ahci, small clusters": Medium("small clusters", "q35", "hdd"),
    "ahci, 4 drives more": Medium("disk", "q35", "hdd", extra=DRIVES),
}
MACHINES = {**MEDIA, **VARIANTS}


def form(medium):
    return MACHINES[medium].form


def why_not():
    """What this machine's QEMU lacks, or None."""
    command = ["qemu-system-x86_64", "-M", "none", "-display", "none", "-nodefaults", "-S", "-qmp", "stdio",
               "-plugin", f"{PLUGIN},to=/dev/null"]
    talk = '{"execute": "qmp_capabilities"}{"execute": "quit"}'
    try:
        done = subprocess.run(command, input=talk, capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        return "qemu-system-x86_64 is not installed: make setup installs it on Debian"
    if done.returncode:
        return ("this QEMU takes no plugins as tests/bench/counter.c is one (version 1 of the interface: QEMU 4.2 to 8.x, "
                f"configured with --enable-plugins): {done.stderr.strip()}")
    return None


def wait_for(process, path):
    """The plugin's line, when it is complete."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        text = path.read_text() if path.exists() else ""
        if text.endswith("\n"):
            return json.loads(text)
        if process.poll() is not None:
            raise RuntimeError(f"QEMU ended: {process.stdout.read()}")
        time.sleep(0.005)
    raise RuntimeError(f"no kernel after {DEADLINE} seconds")


def boot(image, medium, counts, profile=None, inspect=None):
    """Boots it. {"seconds"} or, with counts, also {"loader", "rep", "firmware", "int13", "requests", "bytes"}, of which
    the last two begin at power-on, and are None for a floppy, whose reads QEMU does not count. What inspect(monitor) answers
    while the kernel stands still becomes "inspected"."""
    where = MACHINES[medium]
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out.json"
        plugin = f"{PLUGIN},to={out},counts={'on' if counts else 'off'}" + (f",profile={profile}" if profile else "")
        command = machine.qemu_command(image, folder, medium=where.drive, machine=where.board,
                                       memory=where.memory, extra=["-plugin", plugin, *where.extra])
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True)
        try:
            figures = wait_for(process, out)
            monitor = machine.Monitor(f"{folder}/qmp", process) if counts or inspect else None
            if counts:
                figures["requests"], figures["bytes"] = monitor.reads() if where.drive != "floppy" else (None, None)
            if inspect:
                figures["inspected"] = inspect(monitor)
        finally:
            process.kill()
            process.wait()
    return figures
