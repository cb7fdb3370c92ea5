"""The host command: exit statuses, what it says, and that its images are the same each time."""
import hashlib
import subprocess

import pytest

import machine
from test_errors import RX, elf32

KERNEL = machine.KERNELS / "c0100000.elf"


@pytest.mark.parametrize("arguments,words", [
    (["nonsense"], "nonsense"), (["image"], "missing"), (["plan"], "missing"), (["check"], "missing"),
    (["check", "--nonsense"], "--nonsense"), (["plan", "--memory=12Q", "x"], "--memory"),
    (["plan", "--cpu=z80", str(KERNEL)], "z80"), (["plan", "--cpu=max,la57", str(KERNEL)], "=off"),
    (["plan", "--cpu=max,la57=no", str(KERNEL)], "la57=no"), (["plan", "--cpu=max,sse=off", str(KERNEL)], "sse=off"),
    (["check", "/does/not/exist"], "/does/not/exist"),
    (["image", "-o", "/tmp/x.img", "--format=zip", "."], "zip"),
    (["image", "-o", "/tmp/x.iso", "--size=64M", "."], "--size"), (["image", "-o", "/tmp/x.iso", "--fat=32", "."], "--fat"),
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


@pytest.mark.parametrize("form", ["hdd", "floppy", "volume", "iso"])
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


def test_cd_without_xorriso(tmp_path):
    machine.make_tree(tmp_path / "tree", {"/boot/kernel.elf": KERNEL})
    done = subprocess.run([machine.ALOFT, "image", "-o", tmp_path / "os.iso", tmp_path / "tree"], capture_output=True,
                          text=True, env={"PATH": "/nowhere"}, timeout=machine.DEADLINE)
    assert done.returncode == 2
    assert "xorriso is missing; install it (Debian: apt-get install xorriso)" in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"tree"}


def test_names_that_only_a_cd_can_hold(tmp_path):
    machine.make_tree(tmp_path / "tree", {"/boot/kernel.elf": KERNEL, "/boot/Kernel.elf": "x", "/what?": "x"})
    said = machine.aloft("image", "-o", tmp_path / "os.img", tmp_path / "tree", status=2)
    assert "a FAT volume cannot hold" in said or "one name on a FAT volume" in said
    machine.aloft("image", "-o", tmp_path / "os.iso", tmp_path / "tree")


def test_cd_does_not_replace_a_file(tmp_path):
    machine.make_tree(tmp_path / "tree", {"/boot/kernel.elf": KERNEL, "/BOOT.TXT": "x", "/boot/Aloft.bin": "mine"})
    said = machine.aloft("image", "-o", tmp_path / "os.iso", tmp_path / "tree", status=2)
    assert "/boot/aloft.bin" in said
    assert {path.name for path in tmp_path.iterdir()} == {"tree"}


@pytest.mark.parametrize("form", [[], ["--format=hdd"]])
def test_run_boots_a_cd(tmp_path, form):
    """An image that is there, as it stands; and one made of a kernel."""
    machine.make_tree(tmp_path / "tree", {"/boot/kernel.elf": KERNEL})
    machine.aloft("image", "-o", tmp_path / "os.iso", tmp_path / "tree")
    before = (tmp_path / "os.iso").read_bytes()
    assert "PASS c0100000" in machine.aloft("run", *form, tmp_path / "os.iso", status=machine.PASS)
    assert (tmp_path / "os.iso").read_bytes() == before
    assert "PASS c0100000" in machine.aloft("run", "--format=iso", KERNEL, status=machine.PASS)
