"""What odd machines once showed: the cases of `make torture` that found a bug, each in every run."""
import pytest

from test_torture import torture

FOUND = [
    ("quirks", "E820 drops SMAP after one: SeaBIOS"),
    ("quirks", "E820 fails after one: SeaBIOS"),
    ("quirks", "E801 of all 4 GiB: SeaBIOS"),
    ("quirks", "EBDA of 64 KiB: SeaBIOS"),
    ("quirks", "no extensions: SeaBIOS"),
    ("matrix", "screen ramfb, pc, with serial port, pixels"),
]


@pytest.mark.parametrize("part, case", FOUND)
def test_found(tmp_path, part, case):
    function, arguments = torture.all_cases(part)[case]
    function(tmp_path, *arguments)
