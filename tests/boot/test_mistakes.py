"""The twenty mistakes that readers of tutorials make, each with a kernel that makes it, and the exact text with which
Aloft answers: `aloft check` before the boot, the loader at the boot, `aloft doctor` after the crash.

The texts stand beside the kernels: test-kernels/mistakes/NAME/check.txt, loader.txt and diagnosis.txt. What a doctor
says is tested in test_doctor.py. To write check.txt and loader.txt anew after a change, run this file as a program and
read what changed.
"""
import pathlib
import re
import subprocess
import tempfile

import pytest

import machine
from test_errors import blkdebug, sector_of

SOURCES = machine.ROOT / "test-kernels/mistakes"
MISTAKES = machine.KERNELS / "mistakes"

# Number: what it is, and the kernels that make it.
TWENTY = {
    1: ("no identity map where paging goes on", ["no-identity"]),
    2: ("a virtual address in CR3 or in an entry", ["virtual-cr3", "virtual-pde"]),
    3: ("4 MiB pages without CR4.PSE", ["no-pse"]),
    4: ("a relative jump stays low", ["stays-low"]),
    5: ("AT() forgotten", ["at-forgotten"]),
    6: ("the same AT() on all sections, or one that drifts, or is missing on one",
        ["at-same", "at-drift", "at-orphan", "at-other"]),
    7: ("a Multiboot header where no loader looks",
        ["header-late", "header2-late", "header-unaligned", "header-sum"]),
    8: ("the wrong protocol or class", ["header2-only", "header64"]),
    9: ("the GDT or IDT is where nothing is mapped any more", ["gdt-unmapped", "idt-unmapped"]),
    10: ("the stack was never set, is still physical, or overflows",
         ["stack-unset", "stack-physical", "stack-overflow", "guard64"]),
    11: ("boot information by its physical address", ["boot-info"]),
    12: ("memory between the kernel's parts taken for the kernel's", ["hole"]),
    13: ("screen or framebuffer not mapped", ["framebuffer", "text-screen"]),
    14: ("the kernel outgrew its tables", ["outgrown"]),
    15: ("the entry is elsewhere", ["entry-physical", "entry-data", "wrong-entry"]),
    16: ("sections share a page, or have one set of rights for all",
         ["shares-page", "within-page", "page-conflict", "writable-code"]),
    17: ("code linked where its model does not reach", ["code-model"]),
    18: ("not all of the kernel is in the file", ["truncated"]),
    19: ("the BIOS cannot read the disk", ["bad-sector"]),
    20: ("a wrong bit in an entry", ["reserved-bits", "read-only-parent", "no-execute", "read-only64"]),
}

# Which of the three answers each mistake has: what a file shows is told before the boot.
ANSWERS = {
    "check.txt": [5, 6, 7, 8, 12, 14, 15, 16, 17, 18],
    "loader.txt": [5, 6, 15, 16, 18, 19],
    "diagnosis.txt": [1, 2, 3, 4, 9, 10, 11, 13, 14, 15, 20],
}

# More mistakes, which have an answer and no number.
OTHERS = ["bss-huge", "interrupts-early", "la57-late64", "no-idt", "no-long-mode", "null-pointer", "returns", "returns64",
          "selector", "sse-off", "trap64", "wild-pointer"]

# Files that are made of another one's bytes.
DERIVED = {
    "truncated": ("hole", lambda data: data[:0x2002]),
    "header-sum": ("header64", lambda data: data.replace(b"\xfe\x4f\x52\xe4", b"\xff\x4f\x52\xe4")),
}

OPTIONS = {"shares-page": "--strict"}  # without, it is a note


def has(name):
    return [text for text in ANSWERS if (SOURCES / name / text).exists()]


def those_with(text):
    return sorted(path.parent.name for path in SOURCES.glob(f"*/{text}"))


@pytest.fixture(scope="session", autouse=True)
def kernels():
    subprocess.run(["make", "-s", "-f", "test-kernels/mistakes.mk", f"BUILD={machine.BUILD}", "all-mistakes"],
                   cwd=machine.ROOT, check=True)


def file_of(folder, name):
    """The kernel with this mistake, as `folder`/NAME.elf."""
    path = pathlib.Path(folder) / f"{name}.elf"
    made_of, change = DERIVED.get(name, (name, bytes))
    whole = (MISTAKES / f"{made_of}.elf").read_bytes()
    path.write_bytes(change(whole))
    assert name not in DERIVED or path.read_bytes() != whole
    return path


def checked(folder, name):
    """What check says, and its exit status."""
    kernel = file_of(folder, name)
    done = subprocess.run([str(machine.ALOFT), "check", kernel.name], cwd=folder, capture_output=True, text=True,
                          timeout=machine.DEADLINE)
    assert not done.stderr
    return done.stdout, done.returncode


def refused(folder, name):
    """The report of the loader: what stands between its title and its last sentences."""
    files = {"/boot/aloft.cfg": machine.config(OPTIONS.get(name, ""))}
    bad = {}
    if name == "bad-sector":
        kernel = machine.KERNELS / "c0100000.elf"
        image = machine.image_of(folder, files | {"/boot/kernel.elf": kernel})
        bad["blockdev"] = blkdebug(image, sector_of(image, kernel.read_bytes()[0x1000:0x1200]), False)
    else:
        image = machine.image_of(folder, files | {"/boot/kernel.elf": file_of(folder, name)})
    return machine.error_report(machine.boot_image(image, folder, until=machine.HALTED, **bad).serial).strip() + "\n"


def test_every_mistake_has_its_answers():
    assert sorted(TWENTY) == list(range(1, 21))
    for number, (what, names) in TWENTY.items():
        texts = {text for name in names for text in has(name)}
        due = {text for text, numbers in ANSWERS.items() if number in numbers}
        assert texts == due, (number, what, texts)
        assert due and all(has(name) for name in names), (number, what)


def test_every_answer_belongs_to_a_mistake():
    known = {name for _, names in TWENTY.values() for name in names} | set(OTHERS)
    assert known == {name for text in ANSWERS for name in those_with(text)}


def test_answers_differ():
    """Each text is about its own mistake: no two are alike but for the file's name."""
    for text in ("check.txt", "loader.txt"):
        names = those_with(text)
        assert len({(SOURCES / name / text).read_text().replace(name, "NAME") for name in names}) == len(names)


def blot(text):
    """How much else is in the file is the linker's choice, and where a file lies that of the image."""
    return re.sub(r"(of the) \S+ \S+ (of the file)|(sector) \d+", r"\1\3 ... \2", text)


@pytest.mark.parametrize("name", those_with("check.txt"))
def test_check(tmp_path, name):
    said, status = checked(tmp_path, name)
    assert blot(said) == blot((SOURCES / name / "check.txt").read_text())
    assert status == ("cannot be booted" in said)
    assert "What to do: " in said


def test_the_lines_to_write_mend_the_kernel(tmp_path):
    """The line that check gives for the section without AT(), put into the linker script, is enough."""
    said, status = checked(tmp_path, "at-orphan")
    line = re.search(r"In the linker script:\n    (.*)\n", said)[1]
    script = (SOURCES / "at-orphan/kernel.ld").read_text().replace("    .text ", f"    {line}\n    .text ")
    (tmp_path / "mended.ld").write_text(script)
    subprocess.run(["ld", "-m", "elf_i386", "-nostdlib", "-static", "--build-id=sha1", "-z", "max-page-size=0x1000", "-T",
                    tmp_path / "mended.ld", "-o", tmp_path / "mended.elf", MISTAKES / "at-orphan.o"], check=True)
    assert status == 1 and "can be booted" in machine.aloft("check", tmp_path / "mended.elf")


@pytest.mark.parametrize("name", those_with("loader.txt"))
def test_loader(tmp_path, name):
    assert blot(refused(tmp_path, name)) == blot((SOURCES / name / "loader.txt").read_text())


def write_texts():
    for text, answer in (("check.txt", lambda *which: checked(*which)[0]), ("loader.txt", refused)):
        for name in those_with(text):
            with tempfile.TemporaryDirectory() as folder:
                (SOURCES / name / text).write_text(answer(folder, name))


if __name__ == "__main__":
    write_texts()
