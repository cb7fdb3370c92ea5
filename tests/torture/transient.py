"""Every sector that a boot reads fails once, then never again: the boot succeeds as if nothing had happened."""
import faults
import machine

TITLE = "sectors that fail once"
FAST = 41


def fails_once(folder, medium, sector):
    image = faults.image(medium)
    result = faults.boot(folder, image, medium, faults.failing(image, medium, sector, once=True))
    assert result.status == machine.PASS and faults.GOOD in result.serial, result.serial[-2000:]
    return "booted"


def cases():
    for medium in faults.MEDIA:
        for sector in faults.boot_path(medium).sectors:
            yield f"{medium} sector {sector}", fails_once, (medium, sector)
