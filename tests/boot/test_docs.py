"""What the documents say is so: the list of errors is current, and the kernels in them build and boot."""
import os
import re
import shlex
import subprocess

import pytest

import machine


def test_list_of_errors_is_current():
    made = subprocess.run(["/usr/bin/python3", "tools/errors-doc.py"], cwd=machine.ROOT, capture_output=True,
                          text=True, check=True).stdout
    assert made == (machine.ROOT / "docs/errors.md").read_text(), "run: tools/errors-doc.py >docs/errors.md"


def test_every_file_that_a_document_names_is_there():
    for document in [*machine.ROOT.glob("*.md"), *machine.ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} names {target}"


def blocks(document):
    return re.findall(r"^```(\w*)\n(.*?)^```$", (machine.ROOT / document).read_text(), re.M | re.S)


@pytest.mark.parametrize("document", ["README.md"])
def test_kernel_of_the_readme(tmp_path, document):
    """Its C file and its linker script, built by its own commands, show their greeting."""
    texts = [text for _, text in blocks(document)]
    source = next(text for text in texts if "kernel_main(" in text)
    script = next(text for text in texts if "SECTIONS" in text)
    commands = next(text for text in texts if text.startswith("gcc"))
    (tmp_path / "kernel.c").write_text(source)
    (tmp_path / "kernel.ld").write_text(script)
    (tmp_path / "aloft.h").write_text((machine.ROOT / "include/aloft.h").read_text())
    for command in commands.strip().split("\n")[:2]:
        compiler = {"gcc": os.environ.get("CC", "gcc")}.get(command.split()[0], command.split()[0])
        subprocess.run([*shlex.split(compiler), *command.split()[1:]], cwd=tmp_path, check=True)
    assert "can be booted" in machine.aloft("check", tmp_path / "kernel.elf")
    result = machine.boot(tmp_path, {"/boot/kernel.elf": tmp_path / "kernel.elf",
                                     "/boot/aloft.cfg": machine.config()}, until="trampoline\nnote")
    for _ in range(50):
        if result.screen[0].startswith("Hello from the higher half!"):
            return
        result = machine.boot_image(tmp_path / "disk.img", tmp_path, until="trampoline\nnote")
    raise AssertionError("\n".join(result.screen))
