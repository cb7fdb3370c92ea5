"""Every sector that a boot reads fails once, then never again: the boot succeeds as if nothing had happened."""
import faults
import machine

TITLE = "sectors that fail once"
FAST = 41


def fails_once(folder, medium, packed, sector):
    image, path = faults.image(medium, packed), faults.boot_path(medium, packed)
    result = faults.boot(folder, image, medium, faults.failing(image, medium, sector, once=True, path=path))
    assert result.status == machine.PASS and faults.GOOD in result.serial, result.serial[-2000:]
    return "booted"


def cases():
    for case in faults.paths():
        yield faults.name_of(*case), fails_once, case
