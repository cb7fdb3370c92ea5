"""aloft doctor: each mistake is made by a kernel of its own, QEMU logs its death, and the diagnosis must be the text
that stands beside the kernel, in test-kernels/mistakes/NAME/diagnosis.txt.

Addresses that the firmware or Aloft's planner choose are blotted out of both texts. To write the texts anew after a
change, run this file as a program and read what changed.
"""
import pathlib
import re
import subprocess
import tempfile
import time

import pytest

import machine

SOURCES = machine.ROOT / "test-kernels/mistakes"
MISTAKES = machine.KERNELS / "mistakes"
MEMORY = 16  # MiB

# Kernels that Aloft boots; all others are booted by QEMU's -kernel.
NATIVE = ["returns", "returns64", "guard64", "read-only64", "la57-late64", "trap64"]
CPUS = {"no-long-mode": "qemu32", "la57-late64": "max"}
UNKNOWN = ["wild-pointer"]  # exit status 1
NAMES = sorted(path.parent.name for path in SOURCES.glob("*/diagnosis.txt"))


@pytest.fixture(scope="session", autouse=True)
def kernels():
    build_kernels()


def build_kernels():
    subprocess.run(["make", "-s", "-f", "test-kernels/mistakes.mk", f"BUILD={machine.BUILD}", "all-mistakes"],
                   cwd=machine.ROOT, check=True)


def die(folder, name):
    """Boots the kernel until it has killed the machine; leaves `log` and `memory` in the folder."""
    folder.mkdir(exist_ok=True)
    kernel = MISTAKES / f"{name}.elf"
    boot = ["-kernel", kernel]
    if name in NATIVE:
        boot = ["-drive", f"format=raw,if=ide,file={machine.image_of(folder, {'/boot/kernel.elf': kernel})}"]
    command = ["qemu-system-x86_64", "-accel", "tcg", "-m", MEMORY, "-display", "none", "-nodefaults", "-vga", "std",
               "-cpu", CPUS.get(name, "qemu64"), "-no-reboot", "-no-shutdown", "-d", "int,cpu_reset",
               "-D", folder / "log", "-qmp", f"unix:{folder}/qmp,server=on,wait=off", *boot]
    process = subprocess.Popen([str(word) for word in command])
    try:
        monitor = machine.Monitor(f"{folder}/qmp", process)
        deadline = time.monotonic() + machine.DEADLINE
        while monitor.command("query-status")["status"] != "shutdown":
            assert time.monotonic() < deadline, "the machine goes on"
            time.sleep(0.02)
        monitor.command("pmemsave", val=0, size=MEMORY << 20, filename=f"{folder}/memory")
    finally:
        process.kill()
        process.wait()


def doctor(*arguments, cwd=None):
    done = subprocess.run([str(machine.ALOFT), "doctor", *map(str, arguments)], capture_output=True, text=True,
                          cwd=cwd, timeout=machine.DEADLINE)
    return done.returncode, done.stdout + done.stderr


def blot(name, text):
    """Firmware's addresses are below 1 MiB, or there in the higher half. Tables and stack of Aloft's are anywhere."""
    def firmware(match):
        value = int(match[0], 16) & 0xFFFFFFF
        return match[0] if value < 0x1000 or value == 0xB8000 else "0x........"
    if name in NATIVE:
        text = re.sub(r"^    P\w+ +\d+ at .*\n", "", text, flags=re.M)
        text = re.sub(r"0x(?!ffffffff801)[0-9a-f]{8,}", "0x........", text)
        text = " ".join(text.split())
    text = re.sub(r"\b0x(?:000|c00)[0-9a-f]{5}\b", firmware, text)
    return re.sub(r"(GDTR|stack) [0-9a-f]+( limit [0-9a-f]+)?", r"\1 ........", text)


@pytest.mark.parametrize("name", NAMES)
def test_diagnosis(tmp_path, name):
    die(tmp_path, name)
    status, text = doctor(f"--memory={tmp_path}/memory", tmp_path / "log", f"{name}.elf", cwd=MISTAKES)
    expected = (SOURCES / name / "diagnosis.txt").read_text()
    assert blot(name, text) == blot(name, expected), text
    assert status == (1 if name in UNKNOWN else 0)


def why(text):
    return " ".join(text[text.index("Why:"):].split())


def test_less_is_known(tmp_path):
    """Without a kernel, without a dump, without both: what can be told is told, and no more."""
    die(tmp_path, "stays-low")
    log, memory, kernel = tmp_path / "log", f"--memory={tmp_path}/memory", MISTAKES / "stays-low.elf"
    status, text = doctor(memory, log)
    assert status == 0 and "which is mapped at 0xc010003f: a relative jump" in why(text)
    status, text = doctor(log, kernel)
    assert status == 0 and "which is linked at 0xc010003f: a relative jump" in why(text)
    assert "a memory dump shows them" in text
    status, text = doctor(log)
    assert status == 0 and "nothing is mapped where the code runs" in why(text) and "ask again with" in text


def test_tables_in_the_kernel_file(tmp_path):
    """Tables that are made at compile time need no dump."""
    die(tmp_path, "virtual-pde")
    status, text = doctor(tmp_path / "log", MISTAKES / "virtual-pde.elf")
    assert status == 0 and "PDE 0 points to 0xc0102000, a virtual address (table in .data)" in why(text)


def test_tables_in_the_log(tmp_path):
    """Lines of the monitor's xp, put behind the log, are as good as a dump."""
    die(tmp_path, "no-pse")
    log = tmp_path / "log"
    with log.open("a") as file:
        file.write("(qemu) xp /4wx 0x101000\n0000000000101000: 0x00000083 0x00000000 0x00000000 0x00000000\n")
    status, text = doctor(log)
    assert status == 0 and "PDE 0 is 0x00000083: it has PS set (a 4 MiB page), but CR4.PSE is 0." in why(text)


REGISTERS = """EAX=0000{eax:04x} EBX=00009500 ECX={ecx:08x} EDX=00000000
ESI=00000000 EDI=00000000 EBP=00000000 ESP=00006f08
EIP=00100010 EFL=00000086 [--S--P-] CPL=0 II=0 A20=1 SMM=0 HLT=0
GDT=     000ca2b8 00000027
IDT=     00000000 00000000
CR0=00000011 CR2=00000000 CR3=00000000 CR4=00000000
EFER=0000000000000000
"""
HEADER = "{n:6}: v={v:02x} e={e:04x} i=0 cpl=0 IP=0008:0000000000100010 pc=0000000000100010 SP=0010:0000000000006f08 CR2=0\n"


def made_log(vector, code=0, eax=0, ecx=0):
    lines = "".join(HEADER.format(n=n, v=v, e=e) + REGISTERS.format(eax=eax, ecx=ecx)
                    for n, (v, e) in enumerate([(vector, code), (8, 0)]))
    return lines + "Triple fault\n"


@pytest.mark.parametrize("code,eax,words", [
    ("0f 22 e0", 0x1020, "mov cr4 of 0x1020 over 0x0 sets PAE (bit 5), LA57 (bit 12)"),
    ("0f 30", 0x900, "wrmsr to EFER sets LME (bit 8), NXE (bit 11)"),
    ("0f 22 c0", 0x8001, "mov cr0 of 0x8001 is refused"),
    ("0f 22 d8", 0x5000, "mov cr3 of 0x5000: a root entry of PAE"),
])
def test_processor_refuses(tmp_path, code, eax, words):
    """QEMU 7.2 lets these pass; processors and later versions do not."""
    log, memory = tmp_path / "log", tmp_path / "memory"
    log.write_text(made_log(13, 0, eax, 0xC0000080))
    memory.write_bytes(bytes(0x100010) + bytes.fromhex(code).ljust(64, b"\x90"))
    status, text = doctor(f"--memory={memory}", log)
    assert status == 0 and words in why(text)


@pytest.mark.parametrize("log,status,words", [
    ("", 1, "There is no fault in the log."),
    ("CPU Reset (CPU 0)\nEAX=00000000\n", 1, "KVM logs no exceptions"),
    (HEADER.format(n=0, v=0x20, e=0).replace("i=0", "i=1"), 1, "log until the machine stops"),
    (HEADER.format(n=0, v=17, e=0) + REGISTERS.format(eax=0, ecx=0), 1, "There is no triple fault in the log"),
    (made_log(0), 0, "there is no handler for it: no IDT is loaded."),
    ("x" * 5000 + "\n" + made_log(17), 1, "alignment check (vector 17) at 0x00100010"),
    ("\0\n" * 5000 + made_log(31), 1, "reserved exception"),
], ids=range(7))
def test_other_logs(tmp_path, log, status, words):
    (tmp_path / "log").write_text(log)
    done, text = doctor(tmp_path / "log")
    assert done == status and words in " ".join(text.split())


@pytest.mark.parametrize("arguments,words", [
    ([], "the log is missing"), (["/does/not/exist"], "/does/not/exist cannot be read"),
    (["a", "b", "c"], "one word too many"), (["--memory", "x"], "--memory has no value"), (["--nonsense"], "--nonsense"),
    (["/dev/null", __file__], "E60"), (["--memory=/does/not/exist", "/dev/null"], "/does/not/exist"),
])
def test_wrong_calls(arguments, words):
    status, text = doctor(*arguments)
    assert status == 2 and words in text


def test_help():
    status, text = doctor("--help")
    assert status == 0 and text.startswith("usage: aloft doctor") and "pmemsave" in text


def test_examples_of_the_document():
    """docs/doctor.md shows what the doctor says, and names every kernel."""
    document = (machine.ROOT / "docs/doctor.md").read_text()
    examples = re.findall(r"^```\n(.*?)^```$", document, re.M | re.S)
    texts = [(SOURCES / name / "diagnosis.txt").read_text() for name in NAMES]
    assert len(examples) == 3 and all(example in texts for example in examples)
    table = document[document.index("## What it knows"):]
    assert set(NAMES) - set(UNKNOWN) == {name for row in re.findall(r"\| ([a-z0-9, -]+) \|$", table, re.M)
                                         for name in row.split(", ") if name != "kernel"} - {"---"}


def write_texts():
    build_kernels()
    for name in NAMES:
        with tempfile.TemporaryDirectory() as folder:
            die(pathlib.Path(folder), name)
            text = doctor(f"--memory={folder}/memory", f"{folder}/log", f"{name}.elf", cwd=MISTAKES)[1]
        (SOURCES / name / "diagnosis.txt").write_text(text)


if __name__ == "__main__":
    write_texts()
