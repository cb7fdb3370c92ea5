"""Every sector that a boot reads fails for good. Stage 1 says so for stage 2; stage 2 names the drive, the sector and the
BIOS's status for all others. A boot that read it for nothing (the cache reads whole lines) goes on."""
import re

import faults
import machine

TITLE = "sectors that fail for good"
FAST = 43


def fails(folder, medium, sector):
    image = faults.image(medium)
    result = faults.boot(folder, image, medium, faults.failing(image, medium, sector, once=False))
    if result.status is not None:
        assert result.status == machine.PASS and faults.GOOD in result.serial, result.serial[-2000:]
        assert not faults.is_stage2(faults.boot_path(medium), sector), "stage 2 was not read whole"
        return "booted without the sector"
    if faults.is_stage2(faults.boot_path(medium), sector):
        assert faults.shown(result, faults.STAGE1 + "R"), (result.serial, result.screen)
        return "told by stage 1"
    is_cd = medium in machine.CDS
    told = f"drive {'0xe0' if is_cd else '0x80'}: sector {sector // (4 if is_cd else 1)} cannot be read (BIOS status 0x"
    assert faults.shown(result, told) and re.search(r"E2 ", result.report()), (result.serial, result.screen)
    return "told with drive, sector and status"


def cases():
    for medium in faults.MEDIA:
        for sector in faults.boot_path(medium).sectors:
            yield f"{medium} sector {sector}", fails, (medium, sector)
