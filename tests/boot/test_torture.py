"""A part of each part of `make torture` (tests/torture/torture.py): every FASTth of its cases."""
import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "torture"))
import torture  # noqa: E402


@pytest.mark.parametrize("part, case", [(name, case) for name in torture.PARTS
                                        for case in list(torture.all_cases(name))[::torture.part(name).FAST]])
def test_case(tmp_path, part, case):
    function, arguments = torture.all_cases(part)[case]
    function(tmp_path, *arguments)
