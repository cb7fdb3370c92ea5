"""Every sector that a boot reads fails for good: each is told with drive, sector and the BIOS's status. Stage 1 has a letter for the
first sector of stage 2, which tells of the others that stage 1 reads; stage 2's core of the rest of it; stage 2 of all other sectors.
A boot that read it for nothing (the cache reads whole lines) goes on."""
import re
import struct

import faults
import machine

TITLE = "sectors that fail for good"
FAST = 47


def fails(folder, medium, packed, sector, image=None):
    image, path = image or faults.image(medium, packed), faults.boot_path(medium, packed)
    result = faults.boot(folder, image, medium, faults.failing(image, medium, sector, once=False, path=path))
    if result.status is not None:
        assert result.status == machine.PASS and faults.GOOD in result.serial, result.serial[-2000:]
        assert not faults.is_for_stage1(path, sector), "stage 2 was not read whole"
        return "booted without the sector"
    drive, number = ("0xe0", sector // 4) if medium in machine.CDS else ("0x80", sector)
    if sector == path.stage2:
        assert re.search(rf"^{faults.STAGE1}R$", result.serial, re.M) and faults.shown(result, faults.STAGE1 + "R"), (
            result.serial, result.screen)
        return "told by stage 1"
    if faults.is_for_stage1(path, sector):
        told = f"{faults.STAGE1}R. Drive {drive}, sector {number}: BIOS status 0x"
        assert faults.shown(result, told), (result.serial, result.screen)
        return "told by stage 2's first sector"
    if faults.is_rest(path, sector):
        told = f": a part of it cannot be read. Drive {drive}, sector {number}: BIOS status 0x"
        assert faults.shown(result, told) and faults.shown(result, faults.CANNOT), (result.serial, result.screen)
        return "told by the core"
    told = f"drive {drive}: sector {number} cannot be read (BIOS status 0x"
    assert faults.shown(result, told) and re.search(r"E2 ", result.report()), (result.serial, result.screen)
    return "told with drive, sector and status"


def with_second_partition(folder, sector):
    """What cannot be read may have been the boot volume, though there is another one that holds nothing."""
    disk = bytearray(faults.image("hdd").read_bytes())
    disk[462:478] = bytes([0, 0, 0, 0, 0x83, 0, 0, 0]) + struct.pack("<II", len(disk) // 512, 64)
    image = folder / "two.img"
    image.write_bytes(disk + bytes(64 * 512))
    return fails(folder, "hdd", False, sector, image)


def cases():
    path = faults.boot_path("hdd")
    for sector in path.sectors:
        if not path.stage2 <= sector < path.end:
            yield f"two partitions, sector {sector}", with_second_partition, (sector,)
    for case in faults.paths():
        yield faults.name_of(*case), fails, case
