"""The same directory under GRUB and under Aloft: what a kernel says that it was given, value by value.

One directory holds the probe kernels (test-kernels/multiboot), two modules and a grub.cfg. grub-mkrescue and `aloft image`
each make one image of it. A case is a text for grub.cfg and a machine; the text is put into both images in the place of a
comment of the same length. What may differ is the table "What a kernel sees" in docs/grub.md: nothing else may, and every
entry of it must occur.
"""
import concurrent.futures
import os
import re
import subprocess

import pytest

import machine

PLACE = 1024  # bytes of grub.cfg
MODULES = {"m0": bytes(range(256)) * 20, "m1": b"x" * 4097}
ARGUMENTS = ["", "one two", r'''"a b" c=\"d\" 'e\f' g\\h --i=j''', "$unset x=$unset 'it''s'"]
STRINGS = ["", "name", r'"two words" "a\"b"']
MACHINES = [("16M", "cd"), ("128M", "hdd"), ("5G", "cd"), ("128M", "cd"), ("16M", "hdd"), ("5G", "hdd")]


class Case:
    def __init__(self, kernel, number, *, modules=0, memory=None, driver="vbe", before="", after="", options=""):
        self.memory, self.medium = MACHINES[number % len(MACHINES)]
        self.memory = memory or self.memory
        self.kernel = kernel
        words = [kernel, f"{modules} modules", driver, *([f"{before} before"] if before else []),
                 *([f"{after} after"] if after else []), options, self.memory, self.medium]
        self.name = ", ".join(filter(None, words))
        version = kernel[2].replace("1", "")
        lines = ["set timeout=0", f"insmod {driver}", *([f"set gfxpayload={before}"] if before else []),
                 f"multiboot{version} {options} /boot/{kernel} {ARGUMENTS[number % len(ARGUMENTS)]}",
                 *(f"module{version} /boot/m{i} {STRINGS[(number + i) % len(STRINGS)]}" for i in range(modules)),
                 *([f"set gfxpayload={after}"] if after else []), "boot"]
        self.config = "\n".join(lines) + "\n"
        # GRUB never gets to the kernel: docs/grub.md, "What boots".
        self.is_numbered_2 = "x8" in after and version == "2"


def all_cases():
    """Each version, kind of file, screen and number of modules with each other; the machines in turn, so that each meets
    each of the others' values. Then what there is of one kind only."""
    cases = []

    def add(kernel, **more):
        cases.append(Case(kernel, len(cases) + len(cases) // len(MACHINES), **more))

    for version in "12":
        for kind in ("elf32.elf", "elf64.elf", "kludge.bin"):
            for modules in (0, 2):
                add(f"mb{version}-{kind}", modules=modules)
                for after in ("", "640x480x16", "text", "keep", "640x480x8"):
                    add(f"mb{version}-video-{kind}", modules=modules, after=after)
        add(f"mb{version}-elf32.elf", after="640x480x16")  # whose header does not speak of the screen
        add(f"mb{version}-any.elf", modules=2)
        add(f"mb{version}-any.elf", after="1024x768")
        add(f"mb{version}-video.elf", driver="all_video", modules=2)
        add(f"mb{version}-video.elf", before="640x480x16")
        add(f"mb{version}-kludge.elf", modules=2)
    add("mb1-kludge.elf", options="--quirk-bad-kludge")
    add("mb1-elf32.elf", modules=2, options="--quirk-modules-after-kernel")
    add("mb1-text.elf")
    add("mb1-text.elf", after="640x480x16")
    add("mb1-optional.elf", modules=2)
    add("mb1-on-loader.elf", modules=2)
    add("mb1-real-mode.bin")
    add("mb2-console.elf")
    add("mb2-console-video.elf")
    for preference in range(3):
        add(f"mb2-relocatable-{preference}.bin", memory="128M")
    return cases


CASES = all_cases()


# ---- booting ----

def make_images(folder):
    files = {f"/boot/{name}": content for name, content in MODULES.items()}
    files |= {f"/boot/{case.kernel}": machine.KERNELS / "multiboot" / case.kernel for case in CASES}
    files["/boot/grub/grub.cfg"] = "#" * PLACE
    tree = folder / "tree"
    machine.make_tree(tree, {name: content.read_bytes() if hasattr(content, "read_bytes") else content
                             for name, content in files.items()})
    images = {"grub": folder / "grub.iso", "aloft": folder / "aloft.iso"}
    subprocess.run(["grub-mkrescue", "-o", images["grub"], tree], check=True, capture_output=True)
    machine.aloft("image", "-o", images["aloft"], tree)
    return {name: path.read_bytes() for name, path in images.items()}


def boot(folder, image, case):
    content, mark = case.config.encode(), b"#" * PLACE
    assert len(content) <= PLACE and image.count(mark) == 1
    folder.mkdir()
    path = folder / "os.iso"
    path.write_bytes(image.replace(mark, content.ljust(PLACE, b"\n")))
    result = machine.boot_image(path, folder, medium=case.medium, memory=case.memory)
    path.unlink()
    assert result.status == machine.PASS and "PASS multiboot" in result.serial, result.serial[-2000:]
    return values_of(result.serial)


@pytest.fixture(scope="module")
def dumps(tmp_path_factory):
    """{case: {"grub": values, "aloft": values}}; an exception in the place of values for a boot that failed."""
    folder = tmp_path_factory.mktemp("grub")
    images = make_images(folder)
    results = {case: {} for case in CASES}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {}
        for number, case in enumerate(CASES):
            for loader, image in images.items():
                if loader == "aloft" or not case.is_numbered_2:
                    jobs[pool.submit(boot, folder / f"{number}-{loader}", image, case)] = (case, loader)
        for job in concurrent.futures.as_completed(jobs):
            case, loader = jobs[job]
            results[case][loader] = job.exception() or job.result()
    return results


def values_of(serial):
    """What the probe printed, as names and values. Flags and tags become values of their own: flags.N is there if bit N
    is set, tag[N].size has the sizes of all tags N, and `tags` is their order."""
    text = serial[serial.find("\nprobe\n"):]
    values = dict(re.findall(r"^([\w\[\].@-]+)=(.*)$", text, re.M))
    flags = int(values.pop("flags", "0"), 16)
    values |= {f"flags.{bit}": "set" for bit in range(32) if flags >> bit & 1}
    values.pop("tag", None)
    tags = re.findall(r"^tag=(\w+) size=(\w+)$", text, re.M)
    for tag, size in tags:
        values[f"tag[{tag}].size"] = f"{values.get(f'tag[{tag}].size', '')} {size}".strip()
    if tags:
        values["tags"] = " ".join(tag for tag, _ in tags)
    return values


# ---- comparing ----

class Entry:
    """A line of the table in docs/grub.md. In patterns * stands for anything; - is a value that is not there."""

    def __init__(self, name, where, values, grub, aloft, why):
        self.name, self.where, self.why = name, where.split(), why
        self.values = [self.pattern(each) for each in re.findall(r"`([^`]+)`", values)]
        self.grub, self.aloft = (None if each == "`-`" else self.pattern(each.strip("`")) for each in (grub, aloft))

    @staticmethod
    def pattern(text):
        return re.compile(re.escape(text).replace(r"\*", ".*"))

    @staticmethod
    def fits(pattern, value):
        return value is None if pattern is None else value is not None and pattern.fullmatch(value)

    def allows(self, case, name, grub, aloft):
        """The pattern of the name, or None."""
        if all(word in case.name for word in self.where) and self.fits(self.grub, grub) and self.fits(self.aloft, aloft):
            return next((pattern for pattern in self.values if pattern.fullmatch(name)), None)
        return None


def entries():
    text = (machine.ROOT / "docs" / "grub.md").read_text()
    section = text[text.index("\n## What a kernel sees"):text.index("\n## What boots")]
    rows = [re.split(r" *\| *", line.strip("|\n ")) for line in section.splitlines() if line.startswith("| ")]
    rows = [row if len(row) == 6 else None for row in rows]
    assert rows[0][0] == "name" and None not in rows
    return [Entry(*row) for row in rows[2:]]


ENTRIES = entries()
# Addresses that are no choice of the loader.
FIXED = {"esp@", "image.start@", "image.end@", "load_base@", "ivt.int10@"}
# Their parts are compared.
SUMS = {"total_size@"}


def is_free(values, address):
    """Is this usable memory, and no page of the kernel's?"""
    start, end = int(values["image.start@"], 16) & ~0xFFF, int(values["image.end@"], 16) + 0xFFF & ~0xFFF
    usable = any(int(values[f"memory[{i}].start"], 16) <= address
                 < int(values[f"memory[{i}].start"], 16) + int(values[f"memory[{i}].size"], 16)
                 for i in range(64) if values.get(f"memory[{i}].type") == "0x1")
    return usable and not start <= address < end


def differences(grub, aloft):
    """(name, GRUB's value, Aloft's value): None for what is not there."""
    for name in sorted({*grub, *aloft}):
        mine, theirs = aloft.get(name), grub.get(name)
        if name == "tags":  # in the same order, but for those that only one has
            mine, theirs = (" ".join(tag for tag in one.split() if tag in other.split())
                            for one, other in ((mine, theirs), (theirs, mine)))
        if mine == theirs or name in SUMS:
            continue
        if name.endswith("@") and name not in FIXED and mine and (theirs or name == "config_table@"):
            if name == "config_table@" or is_free(aloft, int(mine, 16)):
                continue
        yield name, theirs, mine


def unexplained(case, dumps):
    """The differences that no entry allows, and the entries and patterns that allowed one."""
    left, used = [], set()
    for name, grub, aloft in differences(dumps[case]["grub"], dumps[case]["aloft"]):
        found = False
        for entry in ENTRIES:
            pattern = entry.allows(case, name, grub, aloft)
            if pattern:
                used.add((entry.name, pattern.pattern))
                found = True
        if not found:
            left.append(f"{name}: {grub} under GRUB, {aloft} under Aloft")
    return left, used


def check_booted(results):
    for loader, values in results.items():
        assert not isinstance(values, Exception), f"{loader}: {values}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_same(dumps, case):
    check_booted(dumps[case])
    if case.is_numbered_2:
        return check_numbered(dumps, case)
    left, _ = unexplained(case, dumps)
    assert not left, "\n".join([case.config, *left])


def check_numbered(dumps, case):
    """GRUB never gets to the kernel; a Multiboot 1 kernel's screen under GRUB is what it would be."""
    other = next(other for other in CASES if other.kernel == case.kernel.replace("mb2", "mb1") and "x8 after" in other.name)
    screens = [{name: value for name, value in values.items() if name.startswith("framebuffer.") and "reserved" not in name}
               for values in (dumps[other]["grub"], dumps[case]["aloft"])]
    assert screens[0] == screens[1] and screens[0]["framebuffer.colours"] == "0x10"
    assert screens[0]["framebuffer.colours-not-on-screen"] == "0x0"


def test_list_is_fresh(dumps):
    """Every value of every entry in the list does differ, in some case."""
    used = set()
    for case in CASES:
        check_booted(dumps[case])
        if not case.is_numbered_2:
            used |= unexplained(case, dumps)[1]
    stale = [f"{entry.name}: {pattern.pattern}" for entry in ENTRIES for pattern in entry.values
             if (entry.name, pattern.pattern) not in used]
    assert not stale, stale
    assert all(entry.why and entry.values for entry in ENTRIES)


def test_cases_meet():
    """Each machine boots each version, each kind of file, and each number of modules; screens meet media and memories."""
    names = [case.name for case in CASES]
    for first in ("16M", "128M", "5G", "cd", "hdd"):
        for second in ("mb1", "mb2", "elf32", "elf64", "kludge", "0 modules", "2 modules", "video", "640x480x16 after",
                       "640x480x8 after", "text after", "keep after"):
            assert any(first in name and second in name for name in names), (first, second)
