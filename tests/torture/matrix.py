"""Machines that QEMU can be: every bus from which a BIOS boots, processors and their paging modes, little and much memory,
screens and serial ports that are there or not, and more drives than one.

The kernels check what they were given themselves (test-kernels/README.md); what is checked here is that they did.
"""
import json
import re

import machine
import processors

TITLE = "machines of QEMU"
FAST = 17

# ---- buses ----

# name: (machine, the drive's options, further options). The node of the medium is called `disk`.
SCSI = "scsi-hd,drive=disk"
BUSES = {
    "IDE": ("pc", "ide-hd,drive=disk"),
    "AHCI of q35": ("q35", "ide-hd,drive=disk,bus=ide.0"),
    "AHCI on pc": ("pc", "ich9-ahci,id=ahci", "ide-hd,drive=disk,bus=ahci.0"),
    "virtio-blk": ("pc", "virtio-blk-pci,drive=disk"),
    "virtio-blk, modern": ("pc", "virtio-blk-pci,drive=disk,disable-legacy=on,disable-modern=off"),
    "virtio-blk, transitional": ("q35", "virtio-blk-pci,drive=disk,disable-legacy=off,disable-modern=off"),
    "virtio-blk, modern, q35": ("q35", "virtio-blk-pci,drive=disk,disable-legacy=on,disable-modern=off"),
    "virtio-scsi": ("pc", "virtio-scsi-pci", SCSI),
    "virtio-scsi, q35": ("q35", "virtio-scsi-pci", SCSI),
    "lsi53c895a": ("pc", "lsi53c895a", SCSI),
    "megasas": ("pc", "megasas", SCSI),
    "megasas-gen2": ("q35", "megasas-gen2", SCSI),
    "mptsas1068": ("pc", "mptsas1068", SCSI),
    "pvscsi": ("pc", "pvscsi", SCSI),
    "am53c974": ("pc", "am53c974", SCSI),
    "dc390": ("pc", "dc390", SCSI),
    "nvme": ("pc", "nvme,drive=disk,serial=1"),
    "nvme, q35": ("q35", "nvme,drive=disk,serial=1"),
    "SD card": ("pc", "sdhci-pci", "sd-card,drive=disk"),
    "USB 1, UHCI": ("pc", "piix3-usb-uhci", "usb-storage,drive=disk"),
    "USB 1, OHCI": ("pc", "pci-ohci", "usb-storage,drive=disk"),
    "USB 2": ("pc", "usb-ehci", "usb-storage,drive=disk"),
    "USB 3": ("pc", "qemu-xhci", "usb-storage,drive=disk"),
    "USB 3, q35": ("q35", "qemu-xhci", "usb-storage,drive=disk"),
    "ISA": ("isapc", "ide-hd,drive=disk"),
    "microvm": ("microvm,rtc=on,pit=on,pic=on", "virtio-blk-device,drive=disk"),
}
CDS = {
    "CD, IDE": ("pc", "ide-cd,drive=disk"),
    "CD, AHCI": ("q35", "ide-cd,drive=disk,bus=ide.0"),
    "CD, virtio-scsi": ("pc", "virtio-scsi-pci", "scsi-cd,drive=disk"),
    "CD, lsi53c895a": ("pc", "lsi53c895a", "scsi-cd,drive=disk"),
    "CD, USB": ("pc", "usb-ehci", "usb-bot,id=bot", "scsi-cd,drive=disk,bus=bot.0"),
    "CD, ISA": ("isapc", "ide-cd,drive=disk"),
}
FLOPPIES = {
    "floppy": ("pc", "floppy,drive=disk"),
    "floppy, q35": ("q35", "isa-fdc", "floppy,drive=disk"),
    "floppy, ISA": ("isapc", "floppy,drive=disk"),
}
SERIAL = ("-device", "isa-serial,chardev=serial")


def devices(row):
    return [word for device in row[1:] for word in ("-device", device)]


def blockdev(image, read_only=False):
    return json.dumps({"driver": "raw", "node-name": "disk", "read-only": read_only,
                       "file": {"driver": "file", "filename": str(image), "locking": "off"}})


def start(folder, image, row, extra=(), **where):
    """Boots the image in the machine of a row of BUSES, CDS or FLOPPIES."""
    kind, read_only = row[0], row[-1].startswith(("ide-cd", "scsi-cd", "floppy"))
    if kind == "isapc":
        where = {"cpu": "pentium", "memory": "16M", "binary": "qemu-system-i386", **where}
    if kind.startswith("microvm"):
        extra = ("-vga", "none", "-bios", "/usr/share/seabios/bios-microvm.bin", *extra)
    return machine.boot_image(image, folder, machine=kind, medium=devices(row), blockdev=blockdev(image, read_only), extra=extra,
                              **where)


def own_bus(pc):
    """The row of a machine's own disk controller: IDE, or the AHCI of a q35."""
    return BUSES["AHCI of q35"] if pc == "q35" else (pc, *BUSES["IDE"][1:])


def passed(result, kernel):
    assert result.status == machine.PASS and re.search(rf"^PASS {kernel}$", result.serial, re.M), result.serial[-2000:]


def bus(folder, row, form, kernel, cpu):
    modules = machine.MODULES
    files = {"/boot/kernel.elf": machine.KERNELS / f"{kernel}.elf", **modules["files"],
             "/boot/aloft.cfg": machine.config(arguments=modules["arguments"], extra=modules["extra_config"])}
    size = ["--size=64M"] if "sd-card" in row[-1] and form != "iso" else []  # a card's size is a power of 2
    image = machine.image_of(folder, files, f"--format={form}", *size)
    passed(start(folder, image, row, **({"cpu": cpu} if cpu else {})), kernel)


def bus_cases():
    for rows, form in ((BUSES, "hdd"), (CDS, "iso"), (FLOPPIES, "floppy")):
        for name, row in rows.items():
            yield f"{name}: modules32", bus, (row, form, "modules32", None)
            if row[0] != "isapc":
                yield f"{name}: modules64", bus, (row, form, "modules64", None)
            for cpu in ("pentium3", "max"):
                if row[0] in ("pc", "q35"):
                    yield f"{name}: modules32 on {cpu}", bus, (row, form, "modules32", cpu)
            if form == "hdd":
                yield f"{name}: GPT", bus, (row, "gpt", "modules32", None)
                yield f"{name}: image of a CD", bus, (row, "iso", "modules32", None)


# ---- sectors of 4096 bytes: SeaBIOS starts stage 1 from NVMe alone, which is made for 512 ----

WIDE = ("pc", BUSES["nvme"][-1] + ",logical_block_size=4096,physical_block_size=4096")


def wide(folder, form):
    image = machine.image_of(folder, {"/boot/kernel.elf": machine.KERNELS / "modules32.elf"}, f"--format={form}")
    result = start(folder, image, WIDE, until="Aloft boot error S\n")
    assert "Aloft boot error S" in result.screen, result.screen


def wide_cases():
    for form in ("hdd", "gpt"):
        yield f"sectors of 4096 bytes: {form}", wide, (form,)


# ---- processors ----

OLD = "pse"
SIX = "pse pae pge pat"
LONG = SIX + " nx long"
BIG = LONG + " 1g"
PROCESSORS = {
    "486": OLD, "486,pse=off": "", "pentium": OLD, "pentium,pse=off": "", "pentium2": SIX, "pentium3": SIX, "pentium3,pae=off": "pse pge pat",
    "pentium3,pge=off": "pse pae pat", "pentium3,pat=off": "pse pae pge",
    "athlon": SIX, "n270": SIX + " nx", "n270,nx=off": SIX, "coreduo": SIX + " nx", "kvm32": SIX,
    "qemu32": SIX, "qemu32,pae=off": "pse pge pat", "qemu32,pse=off": "pae pge pat",
    "core2duo": LONG, "qemu64": LONG, "qemu64,nx=off": SIX + " long", "kvm64": LONG, "Conroe": LONG, "Penryn": LONG, "Nehalem": LONG, "Westmere": LONG,
    "SandyBridge": LONG, "IvyBridge": LONG, "Haswell": LONG, "Broadwell": LONG, "Skylake-Client": LONG,
    "Skylake-Server": BIG, "Cascadelake-Server": BIG, "Cooperlake": BIG, "Denverton": BIG, "Snowridge": BIG, "KnightsMill": BIG,
    "Icelake-Server": BIG + " la57",
    "Opteron_G1": LONG, "Opteron_G2": LONG, "Opteron_G3": LONG, "Opteron_G4": BIG, "Opteron_G5": BIG, "phenom": BIG,
    "EPYC": BIG, "EPYC-Rome": BIG, "EPYC-Milan": BIG, "Dhyana": BIG,
    "max": BIG + " la57", "max,la57=off": BIG, "max,pdpe1gb=off": LONG + " la57", "max,nx=off": SIX + " long 1g la57",
    "max,la57=off,pdpe1gb=off": LONG, "max,phys-bits=52": BIG + " la57", "max,phys-bits=36": BIG + " la57", "max,pat=off": "pse pae pge nx long 1g la57",
}


def processor(folder, cpu, mode):
    features = PROCESSORS[cpu].split()
    words = processors.refusal(features, mode)
    image = machine.image_of(folder, processors.files(*mode[:2]))
    result = machine.boot_image(image, folder, cpu=cpu, memory=f"{processors.GIGABYTES}M", until=machine.HALTED if words else None)
    if words:
        assert words in result.report(), result.serial
    else:
        processors.judge(result.serial, features, mode, processors.GIGABYTES)


def processor_cases():
    for cpu in PROCESSORS:
        for mode in processors.MODES:
            yield f"{cpu}: {mode[0]} {mode[1]}".strip(), processor, (cpu, mode)


# ---- memory ----

SIZES = ["2M", "3M", "4M", "8M", "16M", "64M", "1G", "2G", "3G", "3584M", "4G", "5G"]


def memory(folder, pc, size, kernel, options=""):
    """usable32 and usable64 overwrite every usable page, the others look."""
    image = machine.image_of(folder, processors.files(kernel, options))
    row = ("isapc", "ide-hd,drive=disk") if pc == "isapc" else (pc, "ide-hd,drive=disk" + ",bus=ide.0" * ("q35" in pc))
    result = start(folder, image, row, memory=size)
    passed(result, kernel)
    # All of it: the usable ranges make up the size, but for what a BIOS keeps at its end and below 1 MiB.
    ranges = [(int(start, 16), int(size, 16), int(kind, 16))
              for start, size, kind in re.findall(r"^info memory (\S+) (\S+) (\S+)", result.serial, re.M)]
    total = int(size[:-1]) << (30 if size[-1] == "G" else 20)
    ram = sum(count for _, count, kind in ranges if kind != 2)
    assert total - (1 << 20) <= ram <= total, (hex(ram), ranges)


def one_mebibyte(folder, pc):
    """No memory above 1 MiB: whoever asks for it is told so."""
    image = machine.image_of(folder, processors.files("low32", ""))
    result = start(folder, image, (pc, "ide-hd,drive=disk" + ",bus=ide.0" * (pc == "q35")), memory="1M", until=machine.HALTED)
    assert re.search(r"E80 .*asks for physical 0x100000, where this machine has no RAM|E11 ", result.report()), result.serial


def memory_cases():
    for pc in ("pc", "isapc"):  # q35's BIOS finds no drive with so little
        yield f"{pc}, 1M", one_mebibyte, (pc,)
    for pc in ("pc", "q35", "pc,max-ram-below-4g=1G", "q35,max-ram-below-4g=1G"):
        for size in SIZES:
            if "below" in pc and size[-1] == "M" and size != "3584M":
                continue
            yield f"{pc}, {size}, 32", memory, (pc, size, "c0100000")
            yield f"{pc}, {size}, PAE", memory, (pc, size, "state32", "--paging=pae")
            yield f"{pc}, {size}, 64", memory, (pc, size, "state64")
    for size in ("2M", "4M", "16M", "64M"):
        yield f"isapc, {size}", memory, ("isapc", size, "c0100000")
        yield f"pc, {size}, all overwritten", memory, ("pc", size, "usable32")
        yield f"q35, {size}, all overwritten", memory, ("q35", size, "usable64")


# ---- screens and serial ports ----

SCREENS = {
    "VGA": ["-vga", "std"], "none": ["-vga", "none"], "cirrus": ["-vga", "cirrus"], "vmware": ["-vga", "vmware"], "virtio": ["-vga", "virtio"],
    "qxl": ["-vga", "none", "-device", "qxl-vga"], "ati": ["-vga", "none", "-device", "ati-vga"], "ISA": ["-vga", "none", "-device", "isa-vga"],
    "without a BIOS": ["-vga", "none", "-device", "VGA,romfile="], "not VGA": ["-vga", "none", "-device", "bochs-display"],
    "ramfb": ["-vga", "none", "-device", "ramfb"],
}
HAS_VBE = {"VGA", "cirrus", "vmware", "virtio", "qxl", "ati", "ISA", "not VGA", "ramfb"}


def screen(folder, name, pc, kernel, options, serial):
    """Without a serial port the kernel's exit status is all that is left to see."""
    image = machine.image_of(folder, processors.files(kernel, options))
    result = start(folder, image, own_bus(pc), extra=SCREENS[name], serial=serial)
    assert result.status == machine.PASS, result.serial[-2000:]
    if serial:
        passed(result, kernel)


def screen_cases():
    for name in SCREENS:
        for pc in ("isapc",) if name == "ISA" else ("pc", "q35"):  # in a q35 its own BIOS never ends
            for serial in (True, False):
                what = f"screen {name}, {pc}, {'with' if serial else 'without'} serial port"
                yield f"{what}, text", screen, (name, pc, "c0100000", "", serial)
                if pc != "isapc":
                    yield f"{what}, 64-bit", screen, (name, pc, "state64", "", serial)
                    yield f"{what}, a video mode if there is one", screen, (name, pc, "top2g", "--video=auto", serial)
                if name in HAS_VBE:
                    yield f"{what}, pixels", screen, (name, pc, "pixels32", "--video=auto", serial)


# ---- chips that are not there; a keyboard controller may be one (its loops in the A20 code must end) ----

def without(folder, pc, chip, kernel):
    image = machine.image_of(folder, processors.files(kernel, ""))
    passed(start(folder, image, (f"{pc},{chip}=off", *own_bus(pc)[1:])), kernel)


def without_cases():
    for pc in ("pc", "q35"):
        for chip in ("i8042", "hpet", "acpi", "smm", "pit", "smbus", "vmport"):
            for kernel in ("c0100000", "state64"):
                yield f"{pc} without {chip}: {kernel}", without, (pc, chip, kernel)


# ---- several drives ----

BLANK = json.dumps({"driver": "null-co", "node-name": "other", "size": 64 << 20, "read-zeroes": True})


def broken(folder):
    """A drive every read of which fails."""
    (folder / "faults").write_text('[inject-error]\nevent = "read_aio"\nerrno = "5"\nonce = "off"\n')
    (folder / "other.img").write_bytes(bytes(1 << 20))
    return json.dumps({"driver": "blkdebug", "node-name": "other", "config": str(folder / "faults"),
                       "image": {"driver": "raw", "file": {"driver": "file", "filename": str(folder / "other.img")}}})


def another_system(folder):
    """A disk with an Aloft of its own, whose kernel is none: it must not be booted, nor its configuration read."""
    (folder / "other").mkdir()
    image = machine.image_of(folder / "other", {"/boot/aloft.cfg": "echo the wrong drive\nmenuentry x {\n kernel /none\n}\n"})
    return json.dumps({"driver": "raw", "node-name": "other",
                       "file": {"driver": "file", "filename": str(image), "locking": "off"}})


def drives(folder, row, form, other, other_device):
    """The boot drive comes first by its boot index, whatever stands before it on the bus."""
    image = machine.image_of(folder, processors.files("c0100000", ""), f"--format={form}")
    *controllers, drive = row[1:]
    first = ["-global", "isa-fdc.bootindexA=1"]
    if form != "floppy":
        row, first = (row[0], *controllers, drive + ",bootindex=1"), []
    node = BLANK if other == "blank" else broken(folder) if other == "broken" else another_system(folder)
    result = start(folder, image, row,
                   extra=[*first, "-blockdev", node, *[word for device in other_device for word in ("-device", device)]])
    passed(result, "c0100000")
    assert "wrong drive" not in result.serial


def drive_cases():
    others = {"IDE": ("ide-hd,drive=other,bus=ide.0,unit=0",), "virtio-blk": ("virtio-blk-pci,drive=other,addr=8",),
              "USB": ("qemu-xhci", "usb-storage,drive=other"), "floppy": ("floppy,drive=other",), "CD": ("ide-cd,drive=other,bus=ide.1,unit=1",)}
    rows = {"IDE": (("pc", "ide-hd,drive=disk,bus=ide.0,unit=1"), "hdd"), "IDE, other channel": (("pc", "ide-hd,drive=disk,bus=ide.1,unit=0"), "hdd"),
            "virtio-blk": (("pc", "virtio-blk-pci,drive=disk,addr=9"), "hdd"), "USB": (("pc", "usb-ehci", "usb-storage,drive=disk"), "hdd"),
            "CD": (("pc", "ide-cd,drive=disk,bus=ide.1,unit=0"), "iso"), "floppy": (("pc", "floppy,drive=disk,unit=0"), "floppy")}
    for name, (row, form) in rows.items():
        for other in ("blank", "broken", "another system"):
            for bus_name, device in others.items():
                if name == bus_name == "floppy" or (other == "another system" and bus_name in ("CD", "floppy")):
                    continue
                yield f"{name} beside {other} {bus_name}", drives, (row, form, other, device)


def cases():
    yield from bus_cases()
    yield from wide_cases()
    yield from processor_cases()
    yield from memory_cases()
    yield from screen_cases()
    yield from without_cases()
    yield from drive_cases()
