"""What a configuration trusts, and nothing else: hashes of files, a locked loader, users with passwords; and what is left of
the loader when a kernel runs. docs/security.md has the promises."""
import functools
import gzip
import hashlib
import random
import subprocess
import time

import pytest

import machine
from test_tool_plan import mmu_of, number, plan_of
from user import User

KERNEL = (machine.KERNELS / "modules32.elf").read_bytes()
PLAIN = (machine.KERNELS / "c0100000.elf").read_bytes()
QUIET = (machine.KERNELS / "example32.elf").read_bytes()
ONE, TWO = machine.MODULES["files"]["/boot/one.bin"], machine.MODULES["files"]["/boot/two.bin"]
READY = "has the machine to itself"


def option(data):
    return f"--hash=sha512:{hashlib.sha512(data).hexdigest()}"


def flipped(data, at=-1):
    data = bytearray(data)
    data[at] ^= 0x10
    return bytes(data)


def entry(files, hashed=None, kernel="kernel", title="test"):
    """An entry with the hashes of `hashed`, or of `files`; a file that is not there gets none."""
    hashed = hashed or files
    words = {name: f"{option(hashed[name])} {name}" if name in hashed else name for name in files}
    lines = [f"{kernel} {words['/boot/kernel.elf']} " + machine.MODULES["arguments"]]
    if "/boot/one.bin" in words:
        lines += [f"module {words['/boot/one.bin']} first argument", f"module {words['/boot/two.bin']}"]
    return f'menuentry "{title}" {{\n' + "\n".join(lines) + "\n}\n"


def config(files, hashed=None, settings="set timeout=0\nset verbose=1\n", **how):
    return settings + entry(files, hashed, **how)


FILES = {"/boot/kernel.elf": KERNEL, "/boot/one.bin": ONE, "/boot/two.bin": TWO}
PACKED = {name: gzip.compress(data, 1) for name, data in FILES.items()}


# --- hashes ---

@pytest.mark.parametrize("files,where", [
    (FILES, {}), (PACKED, {}), (FILES, {"medium": "cd"}), (FILES, {"memory": "8M", "medium": "ahci"}), (PACKED, {"memory": "5G"}),
], ids=["plain", "packed", "cd", "8M", "packed-5G"])
def test_right_hashes(tmp_path, files, where):
    result = machine.boot(tmp_path, {**files, "/boot/aloft.cfg": config(files)}, **where)
    assert result.status == machine.PASS and "PASS modules32" in result.serial, result.serial[-2000:]


WRONG = {"start": lambda d: flipped(d, 40), "middle": lambda d: flipped(d, len(d) // 2), "end": flipped, "longer": lambda d: d + b"\0"}


@pytest.mark.parametrize("packed,name,change", [
    *[(False, name, change) for name in ("/boot/kernel.elf", "/boot/two.bin") for change in WRONG],
    (True, "/boot/kernel.elf", "end"), (True, "/boot/two.bin", "middle"), (True, "/boot/two.bin", "longer")])
def test_wrong_files(tmp_path, packed, name, change):
    """Whatever byte is another one: the kernel does not run, and what is said is the hash. In a packed module the inflater
    may find it first."""
    files, change = PACKED if packed else FILES, WRONG[change]
    seen = {**files, name: change(files[name])}
    result = machine.boot(tmp_path, {**seen, "/boot/aloft.cfg": config(files)}, until=machine.HALTED)
    digest = hashlib.sha512(seen[name]).hexdigest()[:16]
    told = f"E241 {name} is not the file that its hash is of: its SHA-512 begins with 0x{digest.lstrip('0')}"
    inflater_first = files is PACKED and name != "/boot/kernel.elf"
    assert told in result.report() or (inflater_first and f"{name} " in result.report() and "E20" in result.report()), result.serial
    assert "PASS" not in result.serial


def test_upper_case(tmp_path):
    words = config(FILES).replace(option(ONE), "--hash=sha512:" + hashlib.sha512(ONE).hexdigest().upper())
    result = machine.boot(tmp_path, {**FILES, "/boot/aloft.cfg": words})
    assert result.status == machine.PASS, result.serial


@pytest.mark.parametrize("wrong", ["--hash=sha512:12", "--hash=sha256:" + "0" * 64, "--hash=", "--hash=sha512:" + "g" * 128])
def test_no_hash_at_all(tmp_path, wrong):
    words = config(FILES).replace(option(ONE), wrong)
    result = machine.boot(tmp_path, {**FILES, "/boot/aloft.cfg": words}, until=machine.HALTED)
    assert "E240" in result.report() and "line 5, column 8" in result.report(), result.serial


def test_included_configuration(tmp_path):
    """source and configfile: the right text, another text."""
    more = entry({"/boot/kernel.elf": PLAIN}).encode()
    for command in ("source", "configfile"):
        for text, good in [(more, True), (more + b"\n", False)]:
            folder = tmp_path / f"{command}{good}"
            words = f"set timeout=0\n{command} {option(more)} /boot/more.cfg\n"
            files = {"/boot/kernel.elf": PLAIN, "/boot/more.cfg": text, "/boot/aloft.cfg": words}
            result = machine.boot(folder, files, until=None if good else machine.HALTED)
            assert result.status == machine.PASS if good else "E241 /boot/more.cfg" in result.report(), result.serial


def test_fallback_after_a_wrong_hash(tmp_path):
    """Without a lock a wrong hash is an error like others."""
    files = {"/boot/kernel.elf": PLAIN, "/boot/bad.elf": flipped(PLAIN)}
    words = (f'set timeout=0\nset fallback=1\nmenuentry bad {{\nkernel {option(PLAIN)} /boot/bad.elf\n}}\n'
             + entry({"/boot/kernel.elf": PLAIN}))
    result = machine.boot(tmp_path, {**files, "/boot/aloft.cfg": words})
    assert result.status == machine.PASS and "E241" in result.report() or "E241" in result.serial


def test_plan_checks_hashes(tmp_path):
    """aloft plan: the memory that holds the file is claimed, as in the loader; and a wrong hash is told."""
    tree = tmp_path / "good"
    machine.make_tree(tree, {**FILES, "/boot/aloft.cfg": config(FILES)})
    plan = machine.aloft("plan", tree)
    assert "the kernel's file" in plan
    result = machine.boot(tmp_path / "boot", {**FILES, "/boot/aloft.cfg": config(FILES)})
    held = [line for line in machine.plan_text(result.serial) if "the kernel's file" in line]
    assert held and held[0] in plan.splitlines()
    machine.make_tree(tmp_path / "bad", {**FILES, "/boot/two.bin": flipped(TWO), "/boot/aloft.cfg": config(FILES)})
    assert "E241: /boot/two.bin" in machine.aloft("plan", tmp_path / "bad", status=1)


def test_kernel_where_its_file_is_held(tmp_path):
    """32 MiB of file at the end of 60 MiB of memory, and as much of kernel from 1 MiB on."""
    big = (machine.KERNELS / "big32m.elf").read_bytes()
    machine.make_tree(tmp_path, {"/boot/kernel.elf": big, "/boot/aloft.cfg": config({"/boot/kernel.elf": big})})
    machine.aloft("plan", "--memory=128M", tmp_path)
    assert "E244: /boot/kernel.elf: PT_LOAD" in machine.aloft("plan", "--memory=60M", tmp_path, status=1)
    assert "the kernel's file, to check its hash" in machine.aloft("plan", "--memory=16M", tmp_path, status=1)


# --- the lock ---

def locked(folder, files, *options):
    return machine.image_of(folder, files, "--lock", *options)


@pytest.mark.parametrize("form,medium", [("hdd", "ahci"), ("gpt", "virtio"), ("floppy", "floppy"), ("iso", "cd"), ("iso", "hdd")])
def test_locked_boots(tmp_path, form, medium):
    files = {"/boot/kernel.elf": PLAIN}
    image = locked(tmp_path, {**files, "/boot/aloft.cfg": config(files)}, f"--format={form}")
    assert machine.boot_image(image, tmp_path, medium=medium).status == machine.PASS


def replace(image, old, new):
    """Other bytes on the volume, the same length."""
    data = image.read_bytes()
    assert data.count(old) == 1 and len(old) == len(new)
    image.write_bytes(data.replace(old, new))


FILES_PLAIN = {"/boot/kernel.elf": PLAIN}
CASES = {
    "another configuration": (config(FILES_PLAIN), lambda image: replace(image, b"set verbose=1", b"set verbose=0"),
                              "E243 /boot/aloft.cfg is not the configuration"),
    "a kernel without a hash": (config(FILES_PLAIN, {"/": b""}), None, "E242 /boot/kernel.elf has no hash"),
    "a module without a hash": (config(FILES, {**FILES_PLAIN, "/boot/kernel.elf": KERNEL}), None, "E242 /boot/one.bin has no hash"),
    "an included file without a hash": ("source /boot/one.bin\n" + config(FILES_PLAIN), None, "E242 /boot/one.bin has no hash"),
    "another kernel": (config(FILES_PLAIN), lambda image: replace(image, PLAIN, flipped(PLAIN)), "E241 /boot/kernel.elf"),
    "another kernel, and a fallback": ("set fallback=1\n" + config(FILES_PLAIN) + entry(FILES_PLAIN, title="second"),
                                       lambda image: replace(image, PLAIN, flipped(PLAIN)), "E241 /boot/kernel.elf"),
    "another boot sector": (f"set timeout=0\nmenuentry a {{\nchainloader {option(bytes(512))} +1\n}}\n", None, "E241 +1"),
    "a boot sector without a hash": ("set timeout=0\nmenuentry a {\nchainloader +1\n}\n", None, "E242 +1 has no hash"),
}


@pytest.mark.parametrize("name", CASES)
def test_locked_stops(tmp_path, name):
    """And that is all: no fallback, no menu, whatever is pressed."""
    text, change, told = CASES[name]
    files = {**FILES, "/boot/kernel.elf": KERNEL if "module" in name else PLAIN}
    image = locked(tmp_path, {**files, "/boot/aloft.cfg": text})
    if change:
        change(image)
    with User(image, tmp_path) as user:
        user.wait(machine.HALTED)
        seen, (code, words) = " ".join(user.serial().split()), told.split(" ", 1)
        assert f" {code} " in seen and words in seen, seen
        assert "Any key goes to the menu" not in user.serial() and "fallback" not in user.serial()
        before = user.screen()
        user.send("\r\x1b[Aec\x18\x03 \x1b\x1b\r")
        user.press("ret", "e", "c", "f10", "esc")
        assert user.screen() == before and user.process.poll() is None


def test_locked_without_its_configuration(tmp_path):
    """A kernel at a usual place is no configuration."""
    image = locked(tmp_path, {"/boot/kernel.elf": PLAIN, "/boot/aloft.cfg": config(FILES_PLAIN)})
    subprocess.run(["mdel", "-i", f"{image}@@1M", "::/boot/aloft.cfg"], check=True)
    result = machine.boot_image(image, tmp_path, until=machine.HALTED)
    assert "could not boot" in result.serial and "PASS" not in result.serial, result.serial


def test_install_locks_and_unlocks(tmp_path):
    """Each install says what it did; the sum of stage 1 holds, for the disk boots."""
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": PLAIN, "/boot/aloft.cfg": config(FILES_PLAIN, {"/": b""})})
    digest = hashlib.sha512((tmp_path / "tree/boot/aloft.cfg").read_bytes()).hexdigest()
    said = machine.aloft("install", "--lock", f"--record={tmp_path}/one", image)
    assert f"It is locked to /boot/aloft.cfg, SHA-512 {digest}.\n" in said
    assert "E242" in machine.boot_image(image, tmp_path, until=machine.HALTED).report()
    said = machine.aloft("install", f"--record={tmp_path}/two", image)
    assert said.endswith("It was locked, and is so no longer.\n")
    assert machine.boot_image(image, tmp_path).status == machine.PASS
    assert "locked" not in machine.aloft("install", f"--record={tmp_path}/three", image)


def test_nothing_to_lock_to(tmp_path):
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": PLAIN})
    before = image.read_bytes()
    assert "no configuration to lock to" in machine.aloft("install", "--lock", image, status=2)
    assert image.read_bytes() == before
    assert "no configuration to lock to" in machine.aloft("image", "--lock", "-o", tmp_path / "x.img", tmp_path / "tree", status=2)


KEYS = [chr(key) for key in range(1, 128)] + [f"\x1b[{c}" for c in "ABCDHF"] + ["\x1b[3~", "\x1b[5~", "\x1b[21~", "\x1bOS"]


def never_an_editor(user):
    seen = "\n".join(user.terminal().lines()) + user.serial()
    for words in ("Command line", "edits", "discards", "runs the line"):
        assert words not in seen, seen


def test_no_key_edits_a_locked_menu(tmp_path):
    """Some hundred random keys in a locked menu whose entries all fail or come back."""
    text = "set timeout=-1\n" + "".join(
        f'menuentry "{n}" {{\n kernel {option(b"x")} /boot/none{n}.elf\n}}\nsubmenu "S{n}" {{\n'
        f'menuentry "in {n}" {{ kernel {option(b"x")} /boot/none.elf\n}}\n}}\n' for n in range(3))
    image = locked(tmp_path, {"/boot/aloft.cfg": text, "/boot/one.bin": ONE})
    chance = random.Random(5)
    with User(image, tmp_path) as user:
        user.wait("Enter boots")
        for _ in range(25):
            user.send("".join(chance.choice(KEYS) for _ in range(14)))
            time.sleep(0.15)
        user.send("\x1b")
        time.sleep(0.5)
        never_an_editor(user)
        assert user.process.poll() is None


# --- users ---

def password_of(text, iterations=10, salt=b"salt", size=64):
    key = hashlib.pbkdf2_hmac("sha512", text.encode(), salt, iterations, size)
    return f"grub.pbkdf2.sha512.{iterations}.{salt.hex().upper()}.{key.hex().upper()}"


@functools.cache
def users():
    return (f'set superusers="root"\npassword_pbkdf2 root {password_of("Secret of the root")}\n'
            f'password_pbkdf2 guest {password_of("visitor", 3, b"NaCl", 20)}\npassword other plain\n')


ENTRIES = """
menuentry "Open to all" --unrestricted {
    kernel /boot/kernel.elf one
}
menuentry "For guests" --users "guest,other" {
    kernel /boot/kernel.elf two
}
menuentry "For the root" {
    kernel /boot/kernel.elf three
}
"""


@pytest.fixture
def at(tmp_path):
    def start(settings="set timeout=-1\nset verbose=1\n", entries=ENTRIES):
        image = machine.image_of(tmp_path, {"/boot/kernel.elf": PLAIN, "/boot/aloft.cfg": settings + users() + entries})
        return User(image, tmp_path)
    return start


def log_in(user, name, password):
    user.wait("Name:")
    user.send(f"{name}\r")
    user.wait("Password:")
    user.send(f"{password}\r")


def booted(user, word):
    assert user.ended() == machine.PASS, user.serial()
    commands = [line for line in user.serial().split("\n") if line.startswith("command")]
    assert commands[-1].split()[-1] == word, user.serial()


def test_open_entry(at):
    with at() as user:
        user.wait("Enter boots")
        user.send("\r")
        booted(user, "one")


@pytest.mark.parametrize("downs,name,password,word", [
    (1, "guest", "visitor", "two"), (1, "other", "plain", "two"), (1, "root", "Secret of the root", "two"),
    (2, "root", "Secret of the root", "three")])
def test_users(at, downs, name, password, word):
    with at() as user:
        user.wait("Enter boots")
        user.send("\x0e" * downs + "\r")
        log_in(user, name, password)
        booted(user, word)
        assert password not in user.serial()


def test_refused(at):
    """A wrong password, a user without the right, and the keys of the editor."""
    with at() as user:
        user.wait("Enter boots")
        user.send("e")
        log_in(user, "root", "secret of the root")
        user.wait("There is no such user with this password.")
        user.send("c")
        log_in(user, "guest", "visitor")
        user.wait("This user may not do that.")
        user.send("\x0e\x0e\r")
        log_in(user, "nobody", "")
        user.wait("There is no such user with this password.")
        user.send("e")
        log_in(user, "root", "Secret of the root")
        user.wait("Ctrl-X or F10 boots")
        user.send("\x18")
        booted(user, "three")


def test_default_asks_too(at):
    """timeout=0 and a default that is not for everybody."""
    with at("set timeout=0\nset default=2\nset verbose=1\n") as user:
        log_in(user, "root", "Secret of the root")
        booted(user, "three")


def test_fallback_does_not_ask_but_wait(at):
    """The entry that failed was open, its fallback is not: the menu comes."""
    entries = ENTRIES.replace("/boot/kernel.elf one", "/boot/lost.elf")
    with at("set timeout=0\nset fallback=2\nset verbose=1\n", entries) as user:
        user.wait(machine.HALTED)
        user.send(" ")
        user.wait("Enter boots")


def test_users_of_another_configuration(tmp_path):
    """An entry for everybody that starts a configuration whose default is not."""
    more = users() + 'menuentry "Root alone" { kernel /boot/kernel.elf three\n}\n'
    text = 'set timeout=0\nset verbose=1\nmenuentry "Open" --unrestricted { configfile /boot/more.cfg\n}\n'
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": PLAIN, "/boot/more.cfg": "set verbose=1\n" + more, "/boot/aloft.cfg": text})
    with User(image, tmp_path) as user:
        user.wait(machine.HALTED)
        assert 'E246 "Root alone" is for users who have logged in' in " ".join(user.serial().split())
        user.send(" ")
        user.wait("Enter boots")
        user.send("\r")
        log_in(user, "root", "Secret of the root")
        booted(user, "three")


def test_keys_at_the_prompts(at):
    """Backspaces and control keys by the hundred, then a good boot (GRUB's CVE-2015-8370)."""
    with at() as user:
        user.wait("Enter boots")
        user.send("\x0e\x0e\r")
        user.wait("Name:")
        for _ in range(20):
            user.send("\x7f\x08\x01\x05\x04\x0e\x10\x02\x06\x15\x0b" * 2 + "\x1b[3~")
            time.sleep(0.1)
        user.send("root\r")
        user.wait("Password:")
        for _ in range(20):
            user.send("\x7f\x08" * 10 + "\x1b[D\x1b[C")
            time.sleep(0.1)
        user.send("Secret of the root\r")
        booted(user, "three")


def test_wrong_passwords_cost_time(at):
    """Each twice that of the one before."""
    with at() as user:
        user.wait("Enter boots")
        times = []
        for _ in range(3):
            user.send("c")
            start = time.monotonic()
            log_in(user, "root", "wrong")
            user.wait("There is no such user with this password.")
            times.append(time.monotonic() - start)
            user.send("\x1b[A")
            user.wait("Enter boots")
        assert times[2] > 3.5 and times[1] > 1.8, times


# --- what is left of the loader ---

def memory_of(monitor, folder):
    path = f"{folder}/memory"
    monitor.command("pmemsave", val=0, size=16 << 20, filename=path)
    with open(path, "rb") as file:
        return file.read()


def test_nothing_is_left(tmp_path):
    """A password was typed, an entry edited, a hash checked, blocks were read: of all that the kernel finds nothing."""
    text = "set timeout=-1\n" + users() + f'menuentry "A" {{\n kernel {option(QUIET)} /boot/kernel.elf\n}}\n'
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": QUIET, "/boot/aloft.cfg": text})
    with User(image, tmp_path, memory="16M") as user:
        user.wait("Enter boots")
        user.send("e")
        user.wait("Name:")
        user.press("r", "o", "o", "t", "ret")
        user.wait("Password:")
        user.press("shift+s", *"ecret", "spc", *"of", "spc", *"the", "spc", *"root", "ret")
        user.wait("Ctrl-X or F10 boots")
        user.send("# canary of the editor\r\x18")
        user.wait_serial(READY)
        memory = memory_of(user.monitor, tmp_path)
    for secret in (b"Secret of", b"canary of", b"grub.pbkdf2", b"password", hashlib.sha512(QUIET).digest()):
        assert secret not in memory[:0xA0000], (secret, hex(memory.index(secret)))
        assert secret not in memory[0x100000:], (secret, hex(memory.index(secret)))
    scans = bytes(memory[0x41E:0x43E])
    assert sum(code in scans[::2] for code in b"Secret of the root") < 4, scans
    assert not any(any(memory[start:end]) for start, end in ((0x1000, 0x7000), (0x9000, 0x20000), (0x38000, 0x90000)))  # plan/plan.h


# --- the processor's caches ---

ROM = """
        bits 16
        org 0
        db 0x55, 0xaa, 2
        jmp short init
        nop
init:   push ds
        push eax
        xor ax, ax
        mov ds, ax
        mov eax, [0x13 * 4]
        mov [cs:old], eax
        mov word [0x13 * 4], handler
        mov [0x13 * 4 + 2], cs
        pop eax
        pop ds
        retf
handler:
        pushf
        call far [cs:old]
        push eax
        pushf
        mov eax, cr0
        or eax, 0x60000000
        mov cr0, eax
        popf
        pop eax
        retf 2
old:    dd 0
        times 1024 - ($ - $$) db 0
"""


def option_rom(folder):
    """A BIOS that leaves the caches off after each disk call: CR0.CD and CR0.NW."""
    (folder / "rom.asm").write_text(ROM)
    subprocess.run(["nasm", "-f", "bin", "-o", folder / "rom", folder / "rom.asm"], check=True)
    data = bytearray((folder / "rom").read_bytes())
    data[-1] = -sum(data) & 0xFF
    (folder / "rom").write_bytes(data)
    return folder / "rom"


def test_caches_are_on(tmp_path):
    def cr0(monitor):
        words = monitor.command("human-monitor-command", **{"command-line": "info registers"})
        return int(words.split("CR0=")[1].split()[0], 16)

    rom = option_rom(tmp_path)
    seen = []

    def watch(monitor):
        seen.append(cr0(monitor))
        return READY in machine.read_serial(f"{tmp_path}/serial")

    result = machine.boot(tmp_path, {"/boot/kernel.elf": QUIET, "/boot/aloft.cfg": machine.config()}, until=watch, inspect=cr0,
                          extra=["-option-rom", str(rom)])
    assert any(value & 0x60000000 == 0x60000000 for value in seen), "the ROM does nothing"
    assert not result.inspected & 0x60000000


# --- page tables ---

FIRST_MEGABYTE = 1 << 20
LEAF_CASES = [
    ("modules64", ["--memory=5G", "--cpu=max"]), ("modules64", ["--memory=130M", "--machine=q35"]), ("modules64", ["--identity=all", "--memory=3G"]),
    ("modules64", ["--paging=5level", "--cpu=max", "--memory=4G"]), ("c0100000", ["--paging=pae", "--cpu=qemu64"]),
    ("c0100000", ["--memory=63M"]), ("c0100000", ["--paging=pae", "--memory=5G", "--machine=q35"]), ("example32", ["--identity=all"])]


@pytest.mark.parametrize("name,options", LEAF_CASES, ids=lambda value: value if isinstance(value, str) else "".join(value))
def test_leaves(tmp_path, name, options):
    """Each page of the tables: not writable and executable at once, unless a segment is; no hole in it; one kind of memory."""
    plan, dump = plan_of(tmp_path, name, options)
    mmu = mmu_of(plan, dump)
    spans = [(number(row["start"]) & -4096, number(row["start"]) + number(row["size"]) + 4095 & -4096, row["kind"])
             for row in plan["machine"]["memory"]]
    asked = [segment for segment in plan["kernel"]["segments"] if segment["write"] and segment["execute"]]
    pages = list(mmu.pages())
    assert len(pages) > 100
    for page in pages:
        assert not (page.write and page.execute and mmu.has_nx) or asked, page
        end = page.phys + page.size
        kinds = {kind for start, stop, kind in spans if start < end and page.phys < stop}
        inside = any(start <= page.phys and end <= stop for start, stop, _ in spans)
        if page.phys < FIRST_MEGABYTE:
            assert page.size == 4096, page
        elif page.cache == "write-back":
            assert inside and len(kinds) == 1, (page, kinds)
