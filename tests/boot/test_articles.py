"""docs/articles.md shows what its commands print: every `make run-kernel` in it is booted. Numbers may differ, for
they depend on the compiler."""
import re
import shlex

import pytest

import machine

TEXT = (machine.ROOT / "docs/articles.md").read_text()
SHOWN = re.findall(r"^    \$ make run-kernel (.*)\n((?:    .*\n)+)", TEXT, re.M)


def words(text):
    return re.sub(r"\b0x[0-9a-f]+\b|\b[0-9a-f]*\d[0-9a-f]*\b", "N", text).strip().split("\n")


def test_every_kernel_shown_is_found():
    assert len(SHOWN) >= 18, SHOWN


@pytest.mark.parametrize("command,output", SHOWN, ids=[command.replace(" ", ",") for command, _ in SHOWN])
def test_output_is_what_the_document_shows(tmp_path, command, output):
    given = dict(word.split("=", 1) for word in shlex.split(command))
    kernel = machine.KERNELS / f"{given['KERNEL']}.elf"
    config = machine.config(given.get("OPTIONS", "")).replace("set verbose=1\n", "")
    result = machine.boot(tmp_path, {"/boot/kernel.elf": kernel, "/boot/aloft.cfg": config}, cpu="qemu64")
    assert result.status == machine.PASS
    assert words(result.serial) == words(re.sub(r"^    ", "", output, flags=re.M))
