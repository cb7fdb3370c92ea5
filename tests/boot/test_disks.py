"""Partition tables and ext volumes: how the files lie on the disk."""
import os
import pathlib
import re
import struct
import subprocess
import zlib

import pytest

import machine

SECTOR = 512
START = 2048  # where the partition of `aloft image` begins
KERNEL = machine.KERNELS / "c0100000.elf"


def read(image):
    return bytearray(pathlib.Path(image).read_bytes())


def put_entry(sector, slot, active, kind, start, count):
    at = 446 + 16 * slot
    sector[at:at + 16] = bytes([0x80 * active, 0, 0, 0, kind, 0, 0, 0]) + struct.pack("<II", start, count)


def boots(image, folder, partition, start, **options):
    result = machine.boot_image(image, folder, **options)
    assert result.status == machine.PASS, result.serial[-2000:]
    assert f"info drive.partition {partition:#x}\n" in result.serial
    assert f"info drive.partition_start {start:#x}\n" in result.serial
    return result


def refused(image, folder):
    result = machine.boot_image(image, folder, until=machine.HALTED)
    return result.report()


# ---- partition tables ----

@pytest.mark.parametrize("medium", ["hdd", "virtio", "usb"])
def test_gpt(tmp_path, medium):
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": KERNEL}, "--format=gpt")
    boots(image, tmp_path, 2, START, medium=medium)


def test_gpt_modules(tmp_path):
    machine.boot_kernel(tmp_path, "modules32", **machine.MODULES, image_options=("--format=gpt",))


@pytest.mark.parametrize("damage", ["signature", "checksum", "entries", "gone"])
def test_gpt_backup(tmp_path, damage):
    """The copy at the end of the disk serves. The protective MBR stays: stage 1 is in it."""
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": KERNEL}, "--format=gpt")
    disk = read(image)
    if damage == "gone":
        disk[SECTOR:34 * SECTOR] = bytes(33 * SECTOR)
    else:
        disk[{"signature": 512, "checksum": 512 + 16, "entries": 1024 + 128 + 40}[damage]] ^= 1
    image.write_bytes(disk)
    boots(image, tmp_path, 2, START)
    disk[-SECTOR] ^= 1
    image.write_bytes(disk)
    report = refused(image, tmp_path)
    assert "neither the GPT header in sector 1 nor its copy in sector" in report
    assert {"signature": "its signature is missing", "checksum": "its checksum does not match",
            "entries": "the checksum of its entries", "gone": "its signature is missing"}[damage] in report


def test_gpt_order(tmp_path):
    """Entry 3 is marked as bootable and comes before entry 2; without the mark, entry 2 boots."""
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": KERNEL}, "--format=gpt")
    disk = read(image)
    size = len(disk) // SECTOR
    second = size - START  # a second volume, like the first, behind it
    disk = disk[:second * SECTOR] + disk[START * SECTOR:second * SECTOR] + bytes(34 * SECTOR)
    sectors = len(disk) // SECTOR

    def write(active):
        entries = disk[2 * SECTOR:34 * SECTOR]
        entries[256:384] = entries[128:256]
        entries[256 + 16] ^= 1
        entries[256 + 32:256 + 48] = struct.pack("<QQ", second, second + (second - START) - 1)
        for number in (2, 3):
            entries[128 * (number - 1) + 48] = 4 * (number == active)
        header = disk[SECTOR:SECTOR + 92]
        header[88:92] = struct.pack("<I", zlib.crc32(entries))
        header[32:40] = struct.pack("<Q", sectors - 1)
        header[16:20] = bytes(4)
        header[16:20] = struct.pack("<I", zlib.crc32(header))
        disk[SECTOR:SECTOR + 92], disk[2 * SECTOR:34 * SECTOR] = header, entries
        image.write_bytes(disk)

    write(3)
    boots(image, tmp_path, 3, second)
    write(None)
    boots(image, tmp_path, 2, START)


def logical_disk(image, active, chain=(START, START + 100)):
    """The volume of an image in a logical partition: number 6, behind one that holds nothing."""
    disk = read(image)
    count = len(disk) // SECTOR - START
    first, second = chain
    volume = second + 63
    new = disk[:START * SECTOR] + bytes((volume - START) * SECTOR) + disk[START * SECTOR:]
    new[446:510] = bytes(64)
    put_entry(new, 1, False, 0x0f, START, volume + count - START)
    for at, kind, start, size, link in ((first, 0x83, 1, 90, second), (second, 0x0c, 63, count, None)):
        table = bytearray(SECTOR)
        table[510:] = b"\x55\xaa"
        put_entry(table, 0, active and link is None, kind, start, size)
        if link:
            put_entry(table, 1, False, 0x05, link - START, 100)
        new[at * SECTOR:(at + 1) * SECTOR] = table
    return new, volume


@pytest.mark.parametrize("active", [True, False])
def test_logical(tmp_path, active):
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": KERNEL})
    disk, volume = logical_disk(image, active)
    image.write_bytes(disk)
    boots(image, tmp_path, 6, volume)


def test_logical_loop(tmp_path):
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": KERNEL})
    disk, _ = logical_disk(image, False)
    table = disk[(START + 100) * SECTOR:(START + 101) * SECTOR]
    put_entry(table, 1, False, 0x05, 0, 100)
    disk[(START + 100) * SECTOR:(START + 101) * SECTOR] = table
    image.write_bytes(disk)
    report = refused(image, tmp_path)
    assert "the chain of logical partitions breaks at sector" in report and "it goes round" in report


# ---- ext: mke2fs copies a symbolic link as one, so its tree holds the kernel itself ----

def mke2fs(image, tree, options):
    """Makes the partition of a disk image anew."""
    kib = (os.path.getsize(image) // SECTOR - START) // 2
    environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
    subprocess.run(["mke2fs", "-q", "-F", *options.split(), "-E", f"offset={START * SECTOR}", "-d", tree, image,
                    f"{kib}k"], check=True, env=environment, stderr=subprocess.DEVNULL)


def ext_disk(folder, options, files, link=None):
    config = machine.config("", machine.MODULES["arguments"], machine.MODULES["extra_config"])
    image = machine.image_of(folder, {"/boot/aloft.cfg": config, **files, "/boot/kernel.elf":
                                      (machine.KERNELS / "modules32.elf").read_bytes()}, "--filesystem=ext2", "--size=48M")
    tree = pathlib.Path(folder) / "tree"
    if link:
        (tree / "boot" / "kernel.elf").rename(tree / "real.elf")
        (tree / "boot" / "kernel.elf").symlink_to(link)
    mke2fs(image, tree, options)
    return image


def passes(image, folder, partition=1):
    result = boots(image, folder, partition, START)
    assert "PASS modules32" in result.serial


@pytest.mark.parametrize("form", ["hdd", "gpt"])
@pytest.mark.parametrize("filesystem", ["ext2", "ext3", "ext4"])
def test_ext_of_aloft_image(tmp_path, form, filesystem):
    config = machine.config("", machine.MODULES["arguments"], machine.MODULES["extra_config"])
    image = machine.image_of(tmp_path, {"/boot/aloft.cfg": config, **machine.MODULES["files"], "/boot/kernel.elf":
                                        (machine.KERNELS / "modules32.elf").read_bytes()},
                             f"--format={form}", f"--filesystem={filesystem}")
    passes(image, tmp_path, 2 if form == "gpt" else 1)


@pytest.mark.parametrize("options", [
    "-t ext2 -b 1024", "-t ext2 -b 4096", "-t ext2 -b 1024 -r 0 -O none", "-t ext3 -b 1024", "-t ext3 -b 4096",
    "-t ext4 -b 1024", "-t ext4 -b 4096", "-t ext4 -O 64bit", "-t ext4 -O ^64bit,^extents -b 1024",
    "-t ext4 -O inline_data -b 1024", "-t ext4 -O meta_bg,^resize_inode -b 1024 -g 1024 -N 900"])
def test_ext(tmp_path, options):
    passes(ext_disk(tmp_path, options, machine.MODULES["files"]), tmp_path)


@pytest.mark.parametrize("link", ["../real.elf", "/real.elf", "../boot/" * 12 + "../real.elf"])
def test_ext_link(tmp_path, link):
    """The kernel is a symbolic link: in the inode, or in a block of its own."""
    passes(ext_disk(tmp_path, "-t ext4", machine.MODULES["files"], link), tmp_path)


@pytest.mark.parametrize("options", ["-t ext2 -b 1024", "-t ext4"])
def test_ext_sparse_module(tmp_path, options):
    """The kernel finds its pattern up to the hole in the module's file, and prints where it ends."""
    files = dict(machine.MODULES["files"])
    image = ext_disk(tmp_path, options, files)
    tree = tmp_path / "tree"
    data = bytearray(files["/boot/two.bin"])
    start, end = 100 * 4096, 150 * 4096
    data[start:end] = bytes(end - start)
    (tree / "boot" / "two.bin").unlink()
    with open(tree / "boot" / "two.bin", "wb") as module:
        module.write(data[:start])
        module.seek(end)
        module.write(data[end:])
    mke2fs(image, tree, options)
    serial = machine.boot_image(image, tmp_path).serial
    assert re.search(rf"^FAIL .*{start:#x}", serial, re.M), serial[-2000:]


def test_ext_feature(tmp_path):
    """A feature of the future is refused by its bit."""
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": KERNEL.read_bytes()}, "--filesystem=ext4")
    disk = read(image)
    disk[START * SECTOR + 1024 + 0x63] |= 0x40
    image.write_bytes(disk)
    report = refused(image, tmp_path)
    assert "uses a feature without a name (incompatible features 0x40000000)" in report


# ---- the host command ----

def test_same_bytes(tmp_path):
    tree = tmp_path / "tree"
    machine.make_tree(tree, {"/boot/kernel.elf": KERNEL.read_bytes()})
    for options in (["--format=gpt"], ["--format=gpt", "--filesystem=ext4"], ["--filesystem=ext2"]):
        images = [tmp_path / "a.img", tmp_path / "b.img"]
        for image in images:
            machine.aloft("image", "-o", image, *options, tree)
        assert images[0].read_bytes() == images[1].read_bytes()


def test_gpt_is_whole(tmp_path):
    """Both copies, with their checksums worked out here."""
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": KERNEL}, "--format=gpt", "--size=100M")
    disk = read(image)
    assert len(disk) == 100 << 20
    last = len(disk) // SECTOR - 1
    assert disk[446:462] == bytes([0, 0, 2, 0, 0xee, 255, 255, 255]) + struct.pack("<II", 1, last)
    tables = []
    for at, other in ((1, last), (last, 1)):
        header = disk[at * SECTOR:at * SECTOR + 92]
        stored = header[16:20]
        header[16:20] = bytes(4)
        assert struct.pack("<I", zlib.crc32(header)) == stored
        assert struct.unpack_from("<8sIII", header) == (b"EFI PART", 0x10000, 92, 0)
        mine, backup, first, end, _, entries, count, size, crc = struct.unpack_from("<QQQQ16sQIII", header, 24)
        assert (mine, backup, first, end, count, size) == (at, other, 34, last - 33, 128, 128)
        tables.append(disk[entries * SECTOR:entries * SECTOR + count * size])
        assert zlib.crc32(tables[-1]) == crc
        assert not disk[at * SECTOR + 92:(at + 1) * SECTOR].strip(b"\0")
    assert tables[0] == tables[1]
    places = [struct.unpack_from("<QQQ", tables[0], 128 * i + 32) for i in range(3)]
    assert places == [(34, 2047, 0), (2048, last + 1 - 2048 - 1, 4), (0, 0, 0)]


@pytest.mark.parametrize("options, words", [
    (["--filesystem=ntfs"], "write fat, ext2, ext3 or ext4"),
    (["--filesystem=ext4", "--format=floppy"], "ext4 needs a partition"),
    (["--filesystem=ext4", "--format=volume"], "ext4 needs a partition"),
    (["--filesystem=ext4", "--fat=32"], "--fat is for FAT, not for ext4"),
    (["--format=apm"], "the formats are hdd, gpt, floppy, volume and iso")])
def test_refusals(tmp_path, options, words):
    tree = tmp_path / "tree"
    machine.make_tree(tree, {"/boot/kernel.elf": KERNEL})
    assert words in machine.aloft("image", "-o", tmp_path / "x.img", *options, tree, status=2)
    assert not (tmp_path / "x.img").exists()


def test_link_out_of_the_folder(tmp_path):
    """mke2fs copies the link as it is, which leads nowhere on the volume."""
    tree = tmp_path / "tree"
    machine.make_tree(tree, {"/boot/kernel.elf": KERNEL})
    output = machine.aloft("image", "-o", tmp_path / "x.img", "--filesystem=ext2", tree, status=2)
    assert "/boot/kernel.elf" in output and "does a symbolic link on an ext volume lead out of the folder?" in output
    assert not (tmp_path / "x.img").exists()


def test_missing_mke2fs(tmp_path):
    tree = tmp_path / "tree"
    machine.make_tree(tree, {"/boot/kernel.elf": KERNEL.read_bytes()})
    # mke2fs stands in /usr/sbin, where it is looked for always: in a name space of its own that folder is empty.
    done = subprocess.run(["unshare", "-rm", "sh", "-c", 'mount -t tmpfs none /usr/sbin && exec "$@"', "sh",
                           str(machine.ALOFT), "image", "-o", str(tmp_path / "x.img"), "--filesystem=ext2", str(tree)],
                          capture_output=True, text=True)
    assert done.returncode == 2
    assert "mke2fs is missing; install it (Debian: apt-get install e2fsprogs)" in done.stderr


# ---- other boot sectors ----

# Prints DL, SI and BP as they come on the serial line, and the entry that SI points to; then leaves through 0xf4.
SECTOR_CODE = """
        org     0x7c00
        jmp     0:start
start:  push    dx
        mov     di, sp
        mov     cx, 1
        call    hex
        mov     [0x600], si
        mov     [0x602], bp
        pushf
        pop     word [0x604]
        mov     di, 0x600
        mov     cx, 6
        call    hex
        mov     di, si
        mov     cx, 16
        call    hex
        mov     dx, 0xf4
        mov     al, 0x10
        out     dx, al
        jmp     $
hex:    mov     al, [di]                ; CX bytes from DI
        inc     di
        aam     16                      ; AH, AL: the digits
        push    ax
        mov     al, ah
        call    digit
        pop     ax
        call    digit
        loop    hex
        mov     al, 10
        jmp     put
digit:  cmp     al, 10
        sbb     al, 0x69
        das
put:    mov     dx, 0x3f8
        out     dx, al
        ret
        times   510 - ($ - $$) db 0
        dw      0xaa55
"""


@pytest.fixture(scope="module")
def boot_sector(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sector")
    (folder / "s.asm").write_text(SECTOR_CODE)
    subprocess.run(["nasm", "-f", "bin", "-o", folder / "s", folder / "s.asm"], check=True)
    return (folder / "s").read_bytes()


def chained(tmp_path, commands, sector, kind=7, slot=1):
    """A disk whose second partition holds no file system that Aloft reads, but this boot sector."""
    image = machine.image_of(tmp_path, {"/boot/aloft.cfg": f"set timeout=0\nmenuentry other {{\n{commands}\n}}\n"})
    disk = read(image)
    start = len(disk) // SECTOR
    put_entry(disk, slot, False, kind, start, 64)
    disk += sector + bytes(63 * SECTOR)
    pathlib.Path(image).write_bytes(disk)
    return image, disk, start


@pytest.mark.parametrize("commands", ["chainloader (hd0,2)+1", "set root=(hd0,msdos2)\nchainloader +1\nboot"])
def test_chainloader(tmp_path, boot_sector, commands):
    image, disk, _ = chained(tmp_path, commands, boot_sector)
    result = machine.boot_image(image, tmp_path)
    assert result.status == machine.PASS, result.serial
    drive, state, entry = (bytes.fromhex(line) for line in result.serial.split("\n")[-4:-1])
    si, bp, flags = struct.unpack("<HHH", state)
    assert drive == b"\x80" and si == bp == 0x7BE + 16
    assert flags & 0x600 == 0x200  # interrupts on, direction up
    assert entry == disk[446 + 16:446 + 32]


def test_chainloader_of_the_drive(tmp_path, boot_sector):
    """The drive's own boot sector is Aloft's, which starts over: round and round."""
    image, *_ = chained(tmp_path, "echo round\nchainloader (hd0)+1", boot_sector)
    result = machine.boot_image(image, tmp_path, until="round\nround\nround\n")
    assert "Aloft boot error" not in result.serial


def test_chainloader_refusals(tmp_path, boot_sector):
    image, disk, start = chained(tmp_path, "chainloader (hd0,2)+1", bytes(512))
    assert "E139" in (report := refused(image, tmp_path)) and "partition 2 has no boot sector" in report, report
    for number, device in enumerate(["(hd0,3)", "(hd1,1)", "(fd0)"]):
        folder = tmp_path / str(number)
        folder.mkdir()
        image, *_ = chained(folder, f"chainloader {device}+1", boot_sector)
        report = refused(image, folder)
        assert "E143" in report and "line 3, column 13" in report, report
