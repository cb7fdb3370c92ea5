"""Reads that fail without an error: the BIOS says that all went well, and what it leaves in memory is not what is on the disk.

An IDE disk whose errors QEMU passes over (rerror=ignore), and four controllers behind which SeaBIOS does not see them. The
kernel is a gzip file, so a wrong byte in it is found by its CRC. Stage 2 is found by stage 1's sum, and by the core's over the rest of it. What else a
boot reads (partition table, file system, configuration) has no sum of its own: there Aloft ends with a message, or boots the kernel whole.
"""
import re

import faults
import machine

TITLE = "wrong data without an error"
FAST = 37

MEDIA = {"hdd": ("-global", "ide-hd.rerror=ignore"), "megasas": (), "pvscsi": (), "sdhci": (), "floppy": ()}


def wrong(folder, medium, sector):
    image, path = faults.image(medium, True), faults.boot_path(medium, True)
    device = faults.failing(image, medium, sector, once=False, path=path)
    result = faults.boot(folder, image, medium, device, extra=MEDIA[medium])
    if result.status is not None:
        assert result.status == machine.PASS and faults.GOOD in result.serial, result.serial[-2000:]
        assert not path.stage2 <= sector < path.end, "a damaged stage 2 ran"
        return "booted, and the kernel is whole"
    if faults.is_for_stage1(path, sector):
        assert faults.shown(result, faults.STAGE1), (result.serial, result.screen)
        return "stage 2 refused by stage 1"
    if faults.is_rest(path, sector):
        assert faults.shown(result, faults.CANNOT), (result.serial, result.screen)
        return "the rest of stage 2 refused by the core"
    assert machine.HALTED in result.serial and faults.shown(result, "What to do:"), (result.serial, result.screen)
    return "refused with E" + re.search(r"\bE(\d+) ", result.report())[1]


def cases():
    for medium in MEDIA:
        for sector in faults.boot_path(medium, True).sectors:
            yield f"{medium} sector {sector}", wrong, (medium, sector)
