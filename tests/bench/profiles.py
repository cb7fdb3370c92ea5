"""Where a boot's instructions go, by function of stage 2: bench.py --profile=LOADER, for --only=MEDIUM and --kernels=KERNEL."""
import bisect
import collections
import pathlib
import subprocess
import tempfile

import boots
import images
import machine

FIRMWARE = 0xA0000
# What has no symbols in stage2.elf: where it begins (docs/memory-map.md).
PLACES = [(0, "(below the boot sector)"), (0x7C00, "(stage 1)"), (0x7E00, "(above the boot sector)"),
          (0x70800, "(stage 2's head: unpacking)"), (FIRMWARE, "(firmware)")]


def symbols():
    """[(address, name)] in order, of code."""
    lines = subprocess.run(["nm", machine.BUILD / "stage2.elf"], capture_output=True, text=True, check=True).stdout
    words = [line.split() for line in lines.splitlines()]
    return sorted(PLACES + [(int(word[0], 16), word[2]) for word in words if len(word) == 3 and word[1] in "tT"])


def profile(medium, kernel, loader):
    """How many blocks were translated; [(count, name)], the largest first. Iterations of `rep` count as instructions."""
    places = symbols()
    starts, sums = [address for address, _ in places], collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        image, _ = images.make(folder, boots.form(medium), kernel, loader)
        out = pathlib.Path(folder) / "profile"
        blocks = boots.boot(image, medium, counts=True, profile=out)["blocks"]
        for line in out.read_text().splitlines():
            address, count = line.split()
            sums[places[bisect.bisect(starts, int(address, 16)) - 1][1]] += int(count)
    return blocks, [(count, name) for name, count in sums.most_common()]
