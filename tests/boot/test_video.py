"""Video modes: what a kernel asks for, gets, and draws."""
import re

import pytest

import machine

KERNEL = machine.KERNELS / "pixels32.elf"


def boot(folder, video, name="pixels32", **more):
    result = machine.boot_kernel(folder, name, options=f"--video={video}", **more)
    return tuple(int(re.search(rf"^{what} (0x[0-9a-f]+)", result.serial, re.M)[1], 16)
                 for what in ("width", "height", "depth")), result.serial


# The sizes that QEMU's VGA has, and the nearest one where it has not what is asked for.
@pytest.mark.parametrize("video,mode", [
    ("1024x768x32", (1024, 768, 32)),
    ("800x600x16", (800, 600, 16)),
    ("800x600x24", (800, 600, 24)),
    ("640x480", (640, 480, 32)),
    ("auto", (1280, 800, 32)),
    ("5000x4000,1024x768,auto", (1024, 768, 32)),
    ("1000x700", (800, 600, 32)),       # the largest that is no larger
    ("100x100", (320, 200, 32)),        # else the smallest
    ("1024x768x30", (1024, 768, 32)),   # the size before the depth
])
def test_mode(tmp_path, video, mode):
    got, serial = boot(tmp_path, video)
    assert got == mode
    exact = video in ("auto", "640x480", "5000x4000,1024x768,auto") or video == "x".join(map(str, mode))
    assert ("is the nearest" in serial) == (not exact)


@pytest.mark.parametrize("name,options,cpu", [
    ("pixels64", "", "qemu64"),
    ("pixels64", "--paging=5level --identity=none", "max"),
    ("pixels64", "--direct-map=none --identity=tables --recursive=auto --temporary", "qemu64"),
    ("pixels32", "--paging=pae --global", "qemu32"),
    ("pixels32", "", "486"),
])
def test_layouts(tmp_path, name, options, cpu):
    machine.boot_kernel(tmp_path, name, options=f"--video=800x600x32 {options}", cpu=cpu)


@pytest.mark.parametrize("video", ["1024x768x32", "640x480x24", "800x600x16"])
def test_drawing(tmp_path, video):
    files = {"/boot/kernel.elf": KERNEL, "/boot/aloft.cfg": machine.config(f"--video={video}", "stay")}
    shot = tmp_path / "shots" / "screen.ppm"
    machine.boot(tmp_path, files, until="drawn", screenshot=shot)
    kind, size, most, pixels = shot.read_bytes().split(b"\n", 3)
    width, height = map(int, video.split("x")[:2])
    assert (kind, size, most) == (b"P6", f"{width} {height}".encode(), b"255")

    def pixel(x, y):
        return tuple(pixels[3 * (y * width + x):][:3])
    left, right, top, bottom = 0, width - 1, 0, height - 1
    assert pixel(left, top) == (255, 0, 0) and pixel(width // 2 - 1, height // 2 - 1) == (255, 0, 0)
    assert pixel(right, top) == (0, 255, 0) and pixel(left, bottom) == (0, 0, 255)
    assert pixel(right, bottom) == (255, 255, 255) and pixel(width // 2, height // 2) == (255, 255, 255)


def test_text(tmp_path):
    """The text screen stays where it is asked for, or where there is nothing else."""
    result = machine.boot_kernel(tmp_path, "state32", options="--video=text")
    assert "screen    80 x 25 cells" in result.serial


def test_no_vbe(tmp_path):
    result = machine.boot_kernel(tmp_path, "state32", options="--video=1024x768", extra=["-vga", "none"])
    assert "the BIOS has none with a linear framebuffer" in " ".join(result.serial.split())


@pytest.mark.parametrize("value", ["", "1024", "1024x", "x768", "1024x768x", "0x0", "banana", "99999x1"])
def test_bad_value(tmp_path, value):
    message = machine.aloft("plan", f"--video={value}", KERNEL, status=2)
    assert f'"{value}" is no value for --video' in message
