"""aloft install: the boot code on disks that exist, and every byte back with --undo."""
import os
import pathlib
import struct
import subprocess

import pytest

import machine

SECTOR = 512
START = 2048
KERNEL = machine.KERNELS / "c0100000.elf"
CODE_END = 0x1b8


def bare(folder, *options):
    """An image of aloft image without its boot code."""
    image = machine.image_of(folder, {"/boot/kernel.elf": KERNEL}, *options)
    disk = bytearray(image.read_bytes())
    disk[:CODE_END] = bytes(CODE_END)
    stage2 = 34 if "--format=gpt" in options else 1
    disk[stage2 * SECTOR:START * SECTOR] = bytes((START - stage2) * SECTOR)
    disk[CODE_END:CODE_END + 4] = b"\x12\x34\x56\x78"  # the disk signature is somebody's
    image.write_bytes(disk)
    return image


def volume(folder, *options, reserved=256):
    """A disk that is one FAT volume, as mkfs.fat makes it."""
    image = pathlib.Path(folder) / "disk.img"
    image.write_bytes(bytes(40 << 20))
    environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
    subprocess.run(["mkfs.fat", f"-R{reserved}", *options, image], check=True, env=environment, capture_output=True)
    subprocess.run(["mmd", "-i", image, "::/boot"], check=True)
    subprocess.run(["mcopy", "-i", image, KERNEL, "::/boot/kernel.elf"], check=True)
    return image


def record_of(image):
    return pathlib.Path(f"{image}.aloft-undo")


def check_round(image, folder, partition):
    """Installs, boots, and takes it back: not a byte is different then."""
    before = image.read_bytes()
    output = machine.aloft("install", image)
    assert output == f"Aloft is on {image}. What was there before: {image}.aloft-undo\n"
    after = image.read_bytes()
    assert len(after) == len(before) and after != before
    result = machine.boot_image(image, folder)
    assert result.status == machine.PASS
    assert f"info drive.partition {partition:#x}\n" in result.serial
    assert machine.aloft("install", "--undo", image) == f"{image} is as it was before.\n"
    assert image.read_bytes() == before
    assert not record_of(image).exists()
    return before, after


def changed_sectors(before, after):
    return {i for i in range(len(before) // SECTOR)
            if before[i * SECTOR:(i + 1) * SECTOR] != after[i * SECTOR:(i + 1) * SECTOR]}


@pytest.mark.parametrize("options, partition, first", [((), 1, 1), (("--filesystem=ext4",), 1, 1),
                                                       (("--format=gpt",), 2, 34),
                                                       (("--format=gpt", "--filesystem=ext2"), 2, 34)])
def test_partitions(tmp_path, options, partition, first):
    if options:
        tree = tmp_path / "tree"
        machine.make_tree(tree, {"/boot/kernel.elf": KERNEL.read_bytes()})
        image = bare_from(tree, tmp_path, *options)
    else:
        image = bare(tmp_path)
    before, after = check_round(image, tmp_path, partition)
    assert after[CODE_END:SECTOR] == before[CODE_END:SECTOR], "disk signature and table"
    sectors = changed_sectors(before, after)
    assert sectors <= {0, *range(first, first + 224)} and 0 in sectors


def bare_from(tree, folder, *options):
    image = pathlib.Path(folder) / "disk.img"
    machine.aloft("image", "-o", image, *options, tree)
    disk = bytearray(image.read_bytes())
    disk[:CODE_END] = bytes(CODE_END)
    stage2 = 34 if "--format=gpt" in options else 1
    disk[stage2 * SECTOR:START * SECTOR] = bytes((START - stage2) * SECTOR)
    image.write_bytes(disk)
    return image


@pytest.mark.parametrize("fat", ["16", "32"])
def test_volume(tmp_path, fat):
    image = volume(tmp_path, f"-F{fat}", *(["-s1"] * (fat == "32")))
    before, after = check_round(image, tmp_path, 0)
    end = 0x5a if fat == "32" else 0x3e
    assert after[3:end] == before[3:end], "the parameters of FAT"
    if fat == "32":
        assert after[6 * SECTOR:7 * SECTOR] == after[:SECTOR], "the copy of the boot record"
    assert changed_sectors(before, after) <= {0, 6, *range(1, 256)}


def test_again(tmp_path):
    """A second install goes over the first; its own record takes it back to the first."""
    image = bare(tmp_path)
    machine.aloft("install", image)
    first = image.read_bytes()
    output = machine.aloft("install", image, status=2)
    assert "aloft-undo exists: it holds what an earlier install replaced" in output and "--undo" in output
    second = tmp_path / "second"
    machine.aloft("install", f"--record={second}", image)
    assert image.read_bytes() == first and second.exists()
    machine.aloft("install", "--undo", f"--record={second}", image)
    assert image.read_bytes() == first


def put(image, at, data):
    with open(image, "r+b") as disk:
        disk.seek(at)
        disk.write(data)


def table(image, *entries):
    sector = bytearray(64)
    for i, (kind, start, count) in enumerate(entries):
        sector[16 * i:16 * i + 16] = bytes([0, 0, 0, 0, kind, 0, 0, 0]) + struct.pack("<II", start, count)
    put(image, 446, sector)


def refuses(image, words, *options):
    """The disk stays as it is, and no record is left."""
    before = image.read_bytes()
    output = machine.aloft("install", *options, image, status=2)
    assert words in output, output
    assert image.read_bytes() == before
    assert not record_of(image).exists()


def test_small_gap(tmp_path):
    image = bare(tmp_path)
    for start in (63, 1, 0):
        table(image, (0x0c, START, 4096), (0x83, start, 10))
        refuses(image, f"has {max(start - 1, 0)} sectors between the boot sector and the first partition")
        refuses(image, "make room there, 1 MiB being usual", "--force")


def test_extended_partition_ends_the_gap(tmp_path):
    image = bare(tmp_path)
    table(image, (0x0c, START, 4096), (0x05, 40, 1000))
    put(image, 40 * SECTOR + 510, b"\x55\xaa")
    refuses(image, "has 39 sectors between the boot sector and the first partition", "--force")


@pytest.mark.parametrize("options, first", [((), 1), (("--format=gpt",), 34)])
@pytest.mark.parametrize("where", ["code", "start", "end"])
def test_others(tmp_path, options, first, where):
    """Another's code or data is refused; with --force it is replaced, and comes back."""
    image = bare(tmp_path, *options)
    stage2 = (machine.BUILD / "stage2.bin").stat().st_size
    at = {"code": 0x100, "start": first * SECTOR, "end": first * SECTOR + stage2 - 1}[where]
    put(image, at, b"x")
    refuses(image, "another boot loader in its first sector" if where == "code" else
            f"has data at byte {first * SECTOR}, where stage 2 would go")
    before = image.read_bytes()
    machine.aloft("install", "--force", image)
    assert machine.boot_image(image, tmp_path).status == machine.PASS
    machine.aloft("install", "--undo", image)
    assert image.read_bytes() == before


def test_data_behind_stage2(tmp_path):
    image = bare(tmp_path)
    put(image, SECTOR + (machine.BUILD / "stage2.bin").stat().st_size, b"x")
    machine.aloft("install", image)


def test_gpt_without_place(tmp_path):
    import zlib
    image = bare(tmp_path, "--format=gpt")
    disk = bytearray(image.read_bytes())
    for header, entries in ((1, 2), (len(disk) // SECTOR - 1, len(disk) // SECTOR - 33)):
        disk[entries * SECTOR:entries * SECTOR + 128] = bytes(128)
        at = header * SECTOR
        disk[at + 88:at + 92] = struct.pack("<I", zlib.crc32(disk[entries * SECTOR:entries * SECTOR + 16384]))
        disk[at + 16:at + 20] = bytes(4)
        disk[at + 16:at + 20] = struct.pack("<I", zlib.crc32(disk[at:at + 92]))
    image.write_bytes(disk)
    refuses(image, "has a GPT without a BIOS boot partition", "--force")


def test_volume_without_place(tmp_path):
    refuses(volume(tmp_path, "-F16", reserved=4), "has 2 sectors in front of its FAT", "--force")


def test_no_place(tmp_path):
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(1 << 20))
    refuses(image, "has no partitions with room in front of them", "--force")
    image.write_bytes(b"")
    refuses(image, "has no partitions with room in front of them", "--force")
    assert "neither an image nor a disk" in machine.aloft("install", "/dev/null", status=2)
    assert "cannot be opened: Is a directory" in machine.aloft("install", tmp_path, status=2)
    assert "cannot be opened: No such file" in machine.aloft("install", tmp_path / "none", status=2)


def test_ext_from_the_first_sector(tmp_path):
    image = tmp_path / "disk.img"
    environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
    subprocess.run(["mke2fs", "-q", "-F", image, "8M"], check=True, env=environment, stderr=subprocess.DEVNULL)
    refuses(image, "has no partitions with room in front of them", "--force")


def test_undo_refusals(tmp_path):
    image = bare(tmp_path)
    before = image.read_bytes()
    machine.aloft("install", image)
    record = record_of(image)
    good = record.read_bytes()

    def undo(words, *options):
        disk = image.read_bytes()
        assert words in machine.aloft("install", "--undo", *options, image, status=2)
        assert image.read_bytes() == disk

    for at in range(0, len(good), 1499):
        record.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
        undo("is no record of aloft install, or is damaged; nothing was changed")
    for size in (0, 1, 23, 24, 28, 500, len(good) - 1):
        record.write_bytes(good[:size])
        undo("is no record of aloft install, or is damaged")
    undo("cannot be read: No such file", f"--record={tmp_path}/none")
    record.write_bytes(good)
    put(image, 5 * SECTOR, b"changed")
    undo("was changed at byte 512 since Aloft was installed")
    machine.aloft("install", "--undo", "--force", image)
    assert image.read_bytes() == before
    record.write_bytes(good)
    machine.aloft("install", "--undo", image)  # a second time does no harm
    assert image.read_bytes() == before
    record.write_bytes(good)
    with open(image, "ab") as disk:
        disk.write(bytes(SECTOR))
    undo("is the record of another disk")


def limited(kib, *arguments):
    """Runs the command where files end after so many KiB, as on a disk that fails."""
    done = subprocess.run(["bash", "-c", f'trap "" XFSZ; ulimit -f {kib}; exec "$@"', "bash", str(machine.ALOFT),
                           "install", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 2, done
    return done.stderr


def test_record_fails(tmp_path):
    """Nothing is written to the disk where the former bytes cannot be saved."""
    image = bare(tmp_path)
    before = image.read_bytes()
    assert "aloft-undo cannot be written: " in limited(2, image)
    assert image.read_bytes() == before and not record_of(image).exists()


def test_write_fails(tmp_path):
    """The disk takes a part of stage 2 only: what was there is put back."""
    image = bare(tmp_path, "--format=gpt")
    put(image, 34 * SECTOR, b"somebody's")
    before = image.read_bytes()
    end = 34 * SECTOR + (machine.BUILD / "stage2.bin").stat().st_size
    output = limited(end // 1024 - 4, "--force", image)
    assert "did not take what was written" in output and "what was there before is back" in output
    assert image.read_bytes() == before
