"""What a user sees when something is wrong: each message on the screen and on the serial line, and the
machine stopped, not restarted."""
import struct
import subprocess

import pytest

import machine

KERNEL32 = machine.KERNELS / "c0100000.elf"
KERNEL64 = machine.KERNELS / "top2g.elf"


def elf32(*segments, entry=None, machine_number=3, size=None):
    """A small ELF32 executable from (offset, virtual, physical, file size, memory size, flags)."""
    header = struct.pack("<4s5B7xHHIIIIIHHHHHH", b"\x7fELF", 1, 1, 1, 0, 0, 2, machine_number, 1,
                         entry if entry is not None else segments[0][1], 52, 0, 0, 52, 32, len(segments), 0, 0, 0)
    table = b"".join(struct.pack("<8I", 1, offset, virt, phys, file_size, memory_size, flags, 4096)
                     for offset, virt, phys, file_size, memory_size, flags in segments)
    return (header + table).ljust(size or 0x3000, b"\x90")


RX, RW = 5, 6
GOOD = elf32((0x1000, 0xC0100000, 0x100000, 0x1000, 0x1000, RX))


def stopped(tmp_path, files, *expected, screenshot=None, **where):
    """Boots to an error: all of `expected` must be in the report, on both the serial line and the screen."""
    result = machine.boot(tmp_path, files, until=machine.HALTED, screenshot=screenshot, **where)
    screen = " ".join(" ".join(result.screen).split())
    for words in expected:
        assert words in result.report(), result.serial
        assert words in screen, "\n".join(result.screen)
    assert "What to do:" in screen
    return result


def test_no_entry_is_left(tmp_path):
    """The configuration that took the first one's place cannot be read: there is no menu to go to, and the report says so."""
    result = stopped(tmp_path, {"/boot/aloft.cfg": "set timeout=0\nmenuentry x {\n configfile /boot/next.cfg\n}\n",
                                "/boot/next.cfg": "menuentry y {\n"}, "E42", "/boot/next.cfg")
    assert "Any key" not in result.serial


def test_nothing_to_boot(tmp_path):
    stopped(tmp_path, {"/readme.txt": "empty"}, "E56", "neither a configuration nor a kernel", "/boot/kernel.elf")


def test_kernel_is_missing(tmp_path):
    stopped(tmp_path, {"/boot/aloft.cfg": machine.config()}, "E26", "/boot/kernel.elf: no such file")


def test_truncated_elf(tmp_path):
    stopped(tmp_path, {"/boot/kernel.elf": GOOD[:0x1800]}, "E70", "PT_LOAD 0 ends at file offset 0x2000",
            "the file ends at 0x1800")


def test_wrong_machine(tmp_path):
    arm = elf32((0x1000, 0x100000, 0x100000, 16, 16, RX), machine_number=40)
    stopped(tmp_path, {"/boot/kernel.elf": arm}, "E63", "is for ELF machine 40")


def test_not_elf(tmp_path):
    stopped(tmp_path, {"/boot/kernel.elf": b"MZ" + bytes(600)}, "E60", "is not an ELF file", "0x4d5a0000")


def test_overlapping_segments(tmp_path):
    twice = elf32((0x1000, 0xC0100000, 0x100000, 0x1000, 0x1000, RX),
                  (0x2000, 0xC0101000, 0x100000, 0x10, 0x10, RW))
    stopped(tmp_path, {"/boot/kernel.elf": twice}, "E83", "PT_LOAD 0 and PT_LOAD 1 overlap at physical 0x100000",
            "AT(ADDR(.section) - offset)")


def test_forgotten_at(tmp_path):
    high = elf32((0x1000, 0xC0100000, 0xC0100000, 0x1000, 0x1000, RX))
    stopped(tmp_path, {"/boot/kernel.elf": high}, "E81", "PT_LOAD 0 asks for physical 0xc0100000",
            "this machine has no RAM", "add AT(ADDR(.text) - 0xc0000000)",
            screenshot=machine.BUILD / "screens" / "error.png")


@pytest.mark.parametrize("phys,words", [(0xA0000, "video memory"), (0xF0000, "reserved"), (0x0, "interrupt vectors")])
def test_segment_on_something(tmp_path, phys, words):
    kernel = elf32((0x1000, 0xC0100000, phys, 0x100, 0x100, RX))
    stopped(tmp_path, {"/boot/kernel.elf": kernel}, "E82", f"asks for physical {phys:#x}", words)


def test_full_memory(tmp_path):
    huge = elf32((0x1000, 0xC0100000, 0x100000, 0x1000, 256 << 20, RW | 1))
    stopped(tmp_path, {"/boot/kernel.elf": huge}, "E98", "PT_LOAD 0 needs 256 MiB at physical 0x100000",
            "the RAM there ends at 0x7fe0000")


def test_module_too_large_for_memory(tmp_path):
    stopped(tmp_path, {"/boot/kernel.elf": KERNEL32, "/boot/big": bytes(20 << 20),
                       "/boot/aloft.cfg": machine.config(extra="    module /boot/big\n")},
            "E84", "no room for a module: 20 MiB needed", memory="16M")


def test_64_bit_kernel_on_32_bit_cpu(tmp_path):
    stopped(tmp_path, {"/boot/kernel.elf": KERNEL64}, "E86", "64-bit kernel", "no long mode", cpu="qemu32",
            binary="qemu-system-i386")


@pytest.mark.parametrize("options,cpu,words", [
    ("--paging=pae", "pentium", "PAE"), ("--paging=pae", "486", "PAE")])
def test_cpu_lacks_what_paging_needs(tmp_path, options, cpu, words):
    stopped(tmp_path, {"/boot/kernel.elf": KERNEL32, "/boot/aloft.cfg": machine.config(options)}, "E87", words, cpu=cpu)


def test_five_levels_without_la57(tmp_path):
    stopped(tmp_path, {"/boot/kernel.elf": KERNEL64, "/boot/aloft.cfg": machine.config("--paging=5level")},
            "E87", "5-level", cpu="max,la57=off")


def test_broken_configuration_line(tmp_path):
    text = 'set timeout=0\nmenuentry "x" {\n    kernel "/boot/kernel.elf\n}\n'
    result = stopped(tmp_path, {"/boot/kernel.elf": KERNEL32, "/boot/aloft.cfg": text}, "E41",
                     "/boot/aloft.cfg line 3, column 12", "never closed", '3 | kernel "/boot/kernel.elf')
    lines = result.serial.split("\n")
    shown = next(i for i, line in enumerate(lines) if line.startswith("  3 | "))
    assert lines[shown + 1].index("^") == lines[shown].index('"')


def test_unknown_command(tmp_path):
    stopped(tmp_path, {"/aloft.cfg": "kernal /boot/kernel.elf\n"}, "E40", "line 1, column 1", "kernal", "kernel")


def blkdebug(image, sector, once, read_only=False):
    return machine.blkdebug(image, read_only, **{"inject-error": [{"event": "read_aio", "errno": 5, "sector": sector, "once": once}]})


def sector_of(image, pattern):
    return image.read_bytes().index(pattern) // 512


@pytest.mark.parametrize("medium", ["hdd", "virtio"])
def test_unreadable_sector(tmp_path, medium):
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": KERNEL32})
    bad = sector_of(image, KERNEL32.read_bytes()[0x1000:0x1200])
    result = machine.boot_image(image, tmp_path, medium=medium, blockdev=blkdebug(image, bad, False),
                                until=machine.HALTED)
    assert f"E2 drive 0x80: sector {bad} cannot be read (BIOS status 0x" in result.report()


def boot_path_sectors(image):
    """Sectors that every boot reads: boot sector's neighbour, stage 2, boot record, FAT, directories, kernel."""
    data = image.read_bytes()
    kernel = KERNEL32.read_bytes()
    return [1, 40, 2048, sector_of(image, b"KERNEL  ELF"), data.index(kernel[:512]) // 512,
            data.index(kernel[0x2000:0x2200]) // 512]


def test_one_read_error_is_no_error(tmp_path):
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": KERNEL32})
    for sector in boot_path_sectors(image):
        result = machine.boot_image(image, tmp_path, blockdev=blkdebug(image, sector, True))
        assert result.status == machine.PASS, (sector, result.serial[-500:])


def stage1_stops(tmp_path, image, words, **where):
    """Stage 1 ends with this line."""
    line = f"Aloft boot error {words}"
    result = machine.boot_image(image, tmp_path, until=line + "\n", **where)
    assert line in [each.strip() for each in result.screen], result.screen


@pytest.mark.parametrize("medium, form, drive, status", [("hdd", "hdd", "80", "0c"), ("usb", "hdd", "80", "0c"), ("cd", "iso", "e0", "0c")])
def test_stage1_cannot_read_stage2(tmp_path, medium, form, drive, status):
    """Its first sector tells of the others, where that can be read. (QEMU's floppies read zeros where a sector fails.)"""
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": KERNEL32}, f"--format={form}")
    start = image.read_bytes().index((machine.BUILD / "stage2.bin").read_bytes()) // 512
    unit, is_cd = (4 if medium == "cd" else 1), medium == "cd"
    bad = blkdebug(image, start, False, read_only=is_cd)
    stage1_stops(tmp_path, image, "R", medium=medium, blockdev=bad)
    for sector in (start + unit, start + 100):
        bad = blkdebug(image, sector, False, read_only=is_cd)
        stage1_stops(tmp_path, image, f"R. Drive 0x{drive}, sector {sector // unit}: BIOS status 0x{status}", medium=medium, blockdev=bad)


@pytest.mark.parametrize("offset", [512, 512 + 0x100, 20000, 40000])
def test_stage1_finds_a_flipped_bit(tmp_path, offset):
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": KERNEL32})
    data = bytearray(image.read_bytes())
    data[offset] ^= 0x10
    image.write_bytes(data)
    stage1_stops(tmp_path, image, "S")


def rest_of_stage2():
    """Where it begins in stage2.bin."""
    return machine.resident_sectors() * 512


def core_stops(tmp_path, image, words, **where):
    """Stage 2 ends with a message of its core, which has these words."""
    result = machine.boot_image(image, tmp_path, until=machine.HALTED, **where)
    for text in (" ".join(result.serial.split()), " ".join("".join(line.ljust(80) for line in result.screen).split())):
        assert words in text and "Aloft cannot go on" in text, text


@pytest.mark.parametrize("medium, form, drive, status", [
    ("hdd", "hdd", 0x80, "0c"), ("usb", "hdd", 0x80, "0c"), ("cd", "iso", 0xe0, "0c")])
def test_the_rest_of_stage2_cannot_be_read(tmp_path, medium, form, drive, status):
    """A boot that does not need it does not see that; one that fails says what the core knows."""
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": KERNEL32, "/boot/aloft.cfg": "kernel /boot/kernel.elf\n"}, f"--format={form}")
    unit = 2048 if medium == "cd" else 512
    start = image.read_bytes().index((machine.BUILD / "stage2.bin").read_bytes()) + rest_of_stage2()
    bad = blkdebug(image, start // 512 + 4, False, read_only=medium == "cd")
    assert machine.boot_image(image, tmp_path, medium=medium, blockdev=bad).status == machine.PASS
    image = machine.image_of(tmp_path / "other", {"/boot/aloft.cfg": machine.config()}, f"--format={form}")
    assert image.read_bytes().index((machine.BUILD / "stage2.bin").read_bytes()) + rest_of_stage2() == start
    bad = blkdebug(image, start // 512 + 4, False, read_only=medium == "cd")
    core_stops(tmp_path, image, f"after error E26: a part of it cannot be read. Drive {drive:#04x}, sector {(start + 2048) // unit}: "
               f"BIOS status 0x{status}.", medium=medium, blockdev=bad)


@pytest.mark.parametrize("medium, form", [("hdd", "hdd"), ("floppy", "floppy"), ("cd", "iso")])
def test_the_rest_of_stage2_is_damaged(tmp_path, medium, form):
    image = machine.image_of(tmp_path, {"/boot/aloft.cfg": machine.config()}, f"--format={form}")
    data = bytearray(image.read_bytes())
    start = data.index((machine.BUILD / "stage2.bin").read_bytes()) + rest_of_stage2()
    data[start + 30000] ^= 1
    image.write_bytes(data)
    core_stops(tmp_path, image, "a part of it is damaged; make the disk anew.", medium=medium)


def test_cut_short_volume(tmp_path):
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": KERNEL32})
    start = sector_of(image, KERNEL32.read_bytes()[:512])
    with image.open("r+b") as file:
        file.truncate((start + 4) * 512)
    result = machine.boot_image(image, tmp_path, until=machine.HALTED)
    assert "E21" in result.report() or "E1 " in result.report(), result.serial


def test_nothing_to_boot_on_a_cd(tmp_path):
    stopped(tmp_path, {"/readme.txt": "empty"}, "E56", "neither a configuration nor a kernel", medium="cd")


@pytest.mark.parametrize("medium", ["cd", "usb"])
def test_kernel_is_missing_on_a_cd(tmp_path, medium):
    stopped(tmp_path, {"/boot/aloft.cfg": machine.config()}, "E26", "/boot/kernel.elf: no such file", medium=medium,
            image_options=["--format=iso"])


def cd(tmp_path):
    """An image of a CD, its bytes, and where stage 1 of the CD is in it."""
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": KERNEL32}, "--format=iso")
    data = bytearray(image.read_bytes())
    return image, data, data.index((machine.BUILD / "cd.bin").read_bytes()[64:512]) - 64


def test_symbolic_link_on_a_cd(tmp_path):
    """`aloft image` writes files in place of links; others do not."""
    tree = tmp_path / "tree"
    machine.make_tree(tree, {"/boot/kernel.elf": KERNEL32, "/boot/aloft.cfg": "kernel /link\n", "/code.bin": b"".join(
        (machine.BUILD / name).read_bytes() for name in ("cd.bin", "stage2.bin"))})
    (tree / "link").symlink_to("boot/kernel.elf")
    image = tmp_path / "os.iso"
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-r", "-b", "code.bin", "-no-emul-boot", "-boot-load-size", "4",
                    "-boot-info-table", "-o", image, tree], check=True, stderr=subprocess.DEVNULL)
    result = machine.boot_image(image, tmp_path, medium="cd", until=machine.HALTED)
    assert "E183 /link is a symbolic link" in result.report()


def test_unreadable_sector_of_a_cd(tmp_path):
    image, data, _ = cd(tmp_path)
    bad = data.index(KERNEL32.read_bytes()[0x1000:0x1200]) // 2048
    result = machine.boot_image(image, tmp_path, medium="cd", blockdev=blkdebug(image, bad * 4, False, read_only=True),
                                until=machine.HALTED)
    assert f"E2 drive 0xe0: sector {bad} cannot be read (BIOS status 0x" in result.report()


def test_one_read_error_of_a_cd_is_no_error(tmp_path):
    image, data, start = cd(tmp_path)
    kernel = data.index(KERNEL32.read_bytes()[:512]) // 512
    for sector in (start // 512 + 4, start // 512 + 40, 64, kernel):
        result = machine.boot_image(image, tmp_path, medium="cd", blockdev=blkdebug(image, sector, True, read_only=True))
        assert result.status == machine.PASS, (sector, result.serial[-500:])


@pytest.mark.parametrize("offset", [2048, 2048 + 0x100, 40000])
def test_stage1_of_a_cd_finds_a_flipped_bit(tmp_path, offset):
    image, data, start = cd(tmp_path)
    data[start + offset] ^= 0x10
    image.write_bytes(data)
    stage1_stops(tmp_path, image, "S", medium="cd")
    stage1_stops(tmp_path, image, "S", medium="hdd")


def test_stage1_of_a_cd_misses_its_table(tmp_path):
    image, data, start = cd(tmp_path)
    data[start + 12:start + 16] = bytes(4)
    image.write_bytes(data)
    stage1_stops(tmp_path, image, "T", medium="cd")
