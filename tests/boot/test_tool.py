"""The host command: exit statuses, what it says, and that its images are the same each time."""
import hashlib

import pytest

import machine
from test_errors import RX, elf32

KERNEL = machine.KERNELS / "c0100000.elf"


@pytest.mark.parametrize("arguments,words", [
    (["nonsense"], "nonsense"), (["image"], "missing"), (["plan"], "missing"), (["check"], "missing"),
    (["check", "--nonsense"], "--nonsense"), (["plan", "--memory=12Q", "x"], "--memory"),
    (["plan", "--cpu=z80", str(KERNEL)], "z80"), (["check", "/does/not/exist"], "/does/not/exist"),
    (["image", "-o", "/tmp/x.img", "--format=zip", "."], "zip"),
])
def test_wrong_calls(arguments, words):
    assert words in machine.aloft(*arguments, status=2)


@pytest.mark.parametrize("command", ["image", "plan", "check", "run"])
def test_help(command):
    assert f"usage: aloft {command}" in machine.aloft(command, "--help")


def test_check_says_what_to_write(tmp_path):
    bad = tmp_path / "kernel.elf"
    bad.write_bytes(elf32((0x1000, 0xC0100000, 0xC0100000, 0x1000, 0x1000, RX)))
    said = machine.aloft("check", bad, status=1)
    assert "E81" in said and "add AT(ADDR(.text) - 0xc0000000)" in said
    assert "can be booted" in machine.aloft("check", KERNEL)


def test_plan_shows_the_line_of_a_mistake(tmp_path):
    machine.make_tree(tmp_path, {"/boot/aloft.cfg": "menuentry x {\n  kernel --stack=no /k\n}\n", "/k": KERNEL})
    said = machine.aloft("plan", tmp_path, status=1)
    assert "E47" in said and "2" in said and "^" in said


@pytest.mark.parametrize("form", ["hdd", "floppy", "volume"])
def test_images_are_repeatable(tmp_path, form):
    machine.make_tree(tmp_path / "tree", {"/boot/kernel.elf": KERNEL, "/boot/a long name.txt": "text"})
    sums = set()
    for number in range(2):
        image = tmp_path / f"{number}.img"
        machine.aloft("image", "-o", image, f"--format={form}", tmp_path / "tree")
        sums.add(hashlib.sha256(image.read_bytes()).hexdigest())
    assert len(sums) == 1


def test_image_keeps_what_was_there_when_it_fails(tmp_path):
    image = tmp_path / "os.img"
    image.write_text("mine")
    machine.make_tree(tmp_path / "tree", {"/boot/kernel.elf": bytes(3 << 20)})
    machine.aloft("image", "-o", image, "--format=floppy", tmp_path / "tree", status=2)
    assert image.read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"os.img", "tree"}
