"""The menu as a user meets it: on the screen and on a terminal, with keys of either."""
import json
import re
import time

import pytest

import machine
from user import User

KERNEL = machine.KERNELS / "c0100000.elf"
INVERTED = 0x70
SETTINGS = "set timeout=30\nset verbose=1\nset where=/boot\n"
ENTRIES = """
menuentry "My kernel" --id mine {
    kernel $where/kernel.elf one
}
menuentry "My kernel, with PAE" --hotkey=p {
    kernel --paging=pae $where/kernel.elf two
}
submenu "Older kernels" --id older {
    menuentry "Yesterday" {
        kernel /boot/kernel.elf three
    }
    menuentry "The one that was lost" --id lost {
        kernel /boot/lost.elf four
    }
    submenu "Even older" {
        menuentry "The first" --id first { kernel /boot/kernel.elf five }
    }
}
menuentry "Another disk's kernel" --id away {
    kernel /boot/away.elf six
}
"""
FAMILY = {"/boot/kernel.elf": KERNEL}
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven")


@pytest.fixture
def at(tmp_path):
    """at(settings, entries): a User before a machine that boots them."""
    def start(settings=SETTINGS, entries=ENTRIES, files=FAMILY, **where):
        image = machine.image_of(tmp_path, {**files, "/boot/aloft.cfg": settings + entries})
        return User(image, tmp_path, **where)
    return start


def booted(user, word):
    """The kernel ran, and its last command line was this."""
    assert user.ended() == machine.PASS, user.serial()
    commands = [line for line in user.serial().split("\n") if line.startswith("command")]
    assert commands and commands[-1].split()[-1].strip('"') == word, user.serial()


def until(user, condition, what):
    """Waits until this is so of the screen and the terminal at one moment."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        screen, seen = user.screen()[:24], user.terminal()
        if screen == seen.lines() and condition(screen, seen):
            return screen
        time.sleep(0.05)
    raise AssertionError("\n".join([what, *screen, "on the terminal:", *seen.lines()]))


def same_on_both(user):
    """What the screen shows is what a terminal shows."""
    return until(user, lambda screen, seen: True, "the screen is not what a terminal shows")


def is_current(user, title):
    """This title is in the inverted row, which is one and the same on the screen and on the terminal."""
    def condition(screen, seen):
        colours = (user.folder / "vga").read_bytes()[1::2]
        rows = [row for row in range(24) if colours[row * 80 + 1] == INVERTED]
        return (len(rows) == 1 and screen[rows[0]].strip(" >") == title
                and rows == [row for row in range(24) if seen.seen[row][1] == "0;0;30;47"])
    until(user, condition, f"{title} is not the current one")


def test_menu_on_screen_and_terminal(at):
    with at() as user:
        user.wait('Booting "My kernel" in 30 s')
        user.wait("in 29 s")
        user.press("down", "down", "up")
        is_current(user, "My kernel, with PAE")
        screen = same_on_both(user)
        assert screen[0].startswith(" Aloft ")
        assert [line.strip(" >") for line in screen[2:6]] == [
            "My kernel", "My kernel, with PAE", "Older kernels", "Another disk's kernel"]
        assert "Enter boots" in screen[23]
        assert "Booting" not in "".join(screen), "a key stops the countdown"
        user.picture("menu")
        user.press("down", "ret")
        is_current(user, "Yesterday")
        user.picture("submenu")
        assert "Older kernels" in user.screen()[0]


@pytest.mark.parametrize("keys,sent,word", [
    (["ret"], None, "one"),
    (["down", "ret"], None, "two"),
    (["down", "f10"], None, "two"),
    (["p"], None, "two"),
    (["end", "up", "right", "ret"], None, "three"),
    (["down", "down", "ret", "end", "ret", "ret"], None, "five"),
    ([], "\r", "one"),
    ([], "\x1b[B\r", "two"),
    ([], "\x1bOB\x1b[A\x0e\r", "two"),
    ([], "\x1b[4~\x10\x1b[C\r", "three"),
])
def test_keys_choose(at, keys, sent, word):
    with at() as user:
        user.wait("Enter boots")
        user.press(*keys)
        if sent:
            user.send(sent)
        booted(user, word)


def test_keys_of_both_at_once(at):
    with at() as user:
        user.wait("Enter boots")
        user.press("down")
        is_current(user, "My kernel, with PAE")
        user.send("\x1b[B\x1b[A\r")
        booted(user, "two")


def test_lone_escape_on_the_serial_line(at):
    """It is told from the start of a sequence by the time that passes."""
    with at() as user:
        user.wait("Enter boots")
        user.send("\x1b[F\x1b[A\r")
        is_current(user, "Yesterday")
        user.send("\x1b")
        sent = time.monotonic()
        is_current(user, "Older kernels")
        assert time.monotonic() - sent < 10, "it waits a tenth of a second, on a busy machine some more"
        user.send("\x1b")
        user.send("[A")
        is_current(user, "My kernel, with PAE")


@pytest.mark.parametrize("default,word,title", [
    ("1", "two", "My kernel, with PAE"), ("older>0", "three", "Yesterday"), ("2>2", "five", "The first"),
    ("'Older kernels>Even older>The first'", "five", "The first"), ("mine", "one", "My kernel")])
def test_countdown_boots_the_default(at, default, word, title):
    with at(f"set timeout=2\nset default={default}\nset verbose=1\nset where=/boot\n") as user:
        user.wait(f'Booting "{title}" in 2 s')
        shown = time.monotonic()
        booted(user, word)
        assert time.monotonic() - shown > 1
        assert f'Booting "{title}" in 2 s' in user.serial()


SILENT = ["set timeout=0\n" + ENTRIES, 'menuentry "x" { kernel /boot/kernel.elf }\n', "kernel /boot/kernel.elf\n",
          "set timeout=0\nset timeout_style=countdown\n" + ENTRIES]


@pytest.mark.parametrize("text", SILENT, ids=["no time", "one entry", "no entry", "countdown of nothing"])
def test_nothing_is_shown_where_nothing_is_asked(at, text):
    with at(entries=text, settings="set where=/boot\n") as user:
        assert user.ended() == machine.PASS
        assert "\x1b" not in user.serial()
        assert user.serial().startswith("info loader_name"), "the kernel speaks first"


@pytest.mark.parametrize("text,shown", [
    ("set where=/boot\n", True), ("set timeout=-1\n", True), ("set timeout=-1\nset timeout_style=hidden\n", True)])
def test_no_timeout_waits(at, text, shown):
    with at(text) as user:
        user.wait("Enter boots")
        time.sleep(2)
        assert "Booting" not in "".join(same_on_both(user))


def test_held_shift_shows_the_menu(at):
    with at("set timeout=0\nset verbose=1\nset where=/boot\n") as user:
        while not any("Enter boots" in line for line in user.screen()):
            assert user.process.poll() is None, user.serial()
            user.hold("shift")  # again and again, as a keyboard does
            time.sleep(0.01)
        user.hold("shift", False)
        user.press("down", "ret")
        booted(user, "two")


@pytest.mark.parametrize("style", ["hidden", "countdown"])
@pytest.mark.parametrize("key,sent", [("esc", None), ("f4", None), (None, "\x1b"), (None, "\x1bOS"), ("shift", None)])
def test_unseen_menu_can_be_shown(at, style, key, sent):
    with at(f"set timeout=30\nset timeout_style={style}\nset default=1\nset where=/boot\n") as user:
        if style == "countdown":
            user.wait('Booting "My kernel, with PAE" in 2')
            assert [line for line in same_on_both(user) if line] == [user.screen()[0]]
        else:
            user.wait("Booting from")  # the BIOS says so
            time.sleep(1.5)
            assert user.serial() == ""
        if key == "shift":
            user.hold("shift")
        elif key:
            user.press(key)
        else:
            user.send(sent)
        user.wait("Enter boots")
        is_current(user, "My kernel, with PAE")
        assert "Booting" not in "".join(user.screen()[1:])


@pytest.mark.parametrize("style", ["hidden", "countdown"])
def test_unseen_menu_boots(at, style):
    settings = f"set timeout=2\nset timeout_style={style}\nset default=1\nset where=/boot\nset verbose=1\n"
    with at(settings) as user:
        booted(user, "two")
        assert ("\x1b" in user.serial()) == (style == "countdown")


def test_hotkey_in_a_hidden_menu(at):
    with at("set timeout=30\nset timeout_style=hidden\nset where=/boot\nset verbose=1\n") as user:
        user.wait("Booting from")
        time.sleep(1)
        user.press("p")
        booted(user, "two")


# --- after a failure ---


def test_failed_entry_comes_back_to_the_menu(at):
    with at() as user:
        user.wait("Enter boots")
        for key in ("spc", None):
            user.press("end", "ret") if key else user.press("ret")
            user.wait(machine.HALTED)
            screen = "\n".join(user.screen())
            assert "E26" in screen and "/boot/away.elf: no such file" in screen
            assert "Any key goes to the menu." in screen
            if key:
                user.picture("failed")
                user.press(key)
            else:
                user.send(" ")
            user.wait("Enter boots")
            is_current(user, "Another disk's kernel")
        user.press("home", "ret")
        booted(user, "one")


def test_failed_entry_in_a_submenu(at):
    with at() as user:
        user.wait("Enter boots")
        user.press("end", "up", "ret", "down", "ret")
        user.wait(machine.HALTED)
        user.press("spc")
        user.wait("Enter boots")
        is_current(user, "The one that was lost")
        user.press("up", "ret")
        booted(user, "three")


def test_failure_without_countdown(at):
    """The menu is there after a failure even if none was shown before."""
    with at("set timeout=0\nset default=away\nset where=/boot\nset verbose=1\n") as user:
        user.wait(machine.HALTED)
        user.press("spc")
        user.wait("Enter boots")
        is_current(user, "Another disk's kernel")
        user.press("home", "down", "ret")
        booted(user, "two")


def test_everything_is_made_again_for_the_next_try(at):
    """What an attempt left behind at each of its steps is not seen by the one after it."""
    arguments = machine.MODULES["arguments"]
    tries = [
        f'kernel /boot/modules64.elf\n module /boot/one.bin\n module /boot/none\n',  # opening
        f'kernel --direct-map=none --identity=none --map=0xfd000000+16M /boot/kernel.elf\n',  # planning: no such map
        f'kernel /boot/huge.elf\n module /boot/two.bin\n',                           # planning: too large
        f'kernel /boot/broken.elf\n',                                                # opening: no ELF file
        f'kernel /boot/modules32.elf {arguments}\n{machine.MODULES["extra_config"]}',
    ]
    entries = "".join(f'menuentry "{i}" {{\n {text}}}\n' for i, text in enumerate(tries))
    from test_errors import RX, elf32
    files = {f"/boot/{name}.elf": machine.KERNELS / f"{name}.elf" for name in ("modules32", "modules64")}
    files |= machine.MODULES["files"] | FAMILY
    files["/boot/huge.elf"] = elf32((0x1000, 0xC0100000, 0x100000, 0x1000, 256 << 20, RX))
    files["/boot/broken.elf"] = "not at all"
    with at("set timeout=30\n", entries, files) as user:
        user.wait("Enter boots")
        for error in ("E26", "E132", "E98", "E60"):
            user.press("ret")
            user.wait(machine.HALTED)
            assert error in "\n".join(user.screen()), user.screen()
            user.press("spc")
            user.wait("Enter boots")
            user.press("down")
        user.press("ret")
        assert user.ended() == machine.PASS, user.serial()
        assert "PASS modules32" in user.serial()


@pytest.mark.parametrize("fallback,word", [("1", "two"), ("older>2>first", "five"), ("'My kernel'", "one")])
def test_fallback(at, fallback, word):
    with at(f"set timeout=0\nset default=away\nset fallback={fallback}\nset where=/boot\nset verbose=1\n") as user:
        booted(user, word)
        assert "E26" in user.serial() and "fallback" in user.serial()
        assert machine.HALTED not in user.serial()


def test_fallback_that_fails_too(at):
    with at("set timeout=1\nset default=away\nset fallback=older>lost\nset where=/boot\nset verbose=1\n") as user:
        user.wait(machine.HALTED)
        assert user.serial().count("E26") == 2
        user.press("spc")
        user.wait("Enter boots")
        is_current(user, "The one that was lost")


def test_fallback_is_not_for_what_a_user_chose(at):
    with at("set timeout=30\nset fallback=0\nset where=/boot\n") as user:
        user.wait("Enter boots")
        user.press("end", "ret")
        user.wait(machine.HALTED)
        assert "fallback" not in user.serial()


def test_fallback_that_is_no_entry(at):
    with at("set timeout=0\nset default=away\nset fallback=nobody\nset where=/boot\n") as user:
        user.wait(machine.HALTED)
        user.press("spc")
        user.wait("Enter boots")


@pytest.mark.parametrize("text,error", [("set default=nobody\n", "E50"), ("set timeout=soon\n", "E47")])
def test_wrong_variables_end_in_the_menu(at, text, error):
    with at(text + "set where=/boot\nset verbose=1\n") as user:
        user.wait(machine.HALTED)
        assert error in "\n".join(user.screen())
        user.press("spc")
        user.wait("Enter boots")
        user.press("ret")
        booted(user, "one")


def test_without_a_configuration_there_is_no_menu(at, tmp_path):
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": "no kernel"})
    with User(image, tmp_path) as user:
        user.wait(machine.HALTED)
        assert "Any key" not in user.serial()


# --- the editor and the command line ---


def test_edit_and_boot(at):
    with at() as user:
        user.wait("Enter boots")
        user.press("e")
        user.wait("Ctrl-X or F10 boots")
        screen = same_on_both(user)
        assert screen[2] == "       kernel $where/kernel.elf one" and "My kernel" in screen[0]
        user.press("end")
        user.send("\b\b\bseven")
        user.wait("kernel.elf seven")
        user.press("home", "ret")
        user.picture("editor")
        user.press("f10")
        booted(user, "seven")


def test_editor_on_the_serial_line(at):
    with at() as user:
        user.wait("Enter boots")
        user.send("\x1b[F\x1b[Aee\x1b[C\x1b[Be")  # a submenu is not edited; the lost kernel is
        user.wait("The one that was lost")
        user.wait("/boot/lost.elf four")
        user.send("\x1b[F" + "\x1b[D" * 9 + "\x7f" * 4 + "kernel")
        user.wait("/boot/kernel.elf four")
        same_on_both(user)
        user.send("\x18")
        booted(user, "four")


def test_escape_discards(at):
    with at() as user:
        user.wait("Enter boots")
        user.press("e")
        user.wait("Ctrl-X")
        user.send("rubbish")
        user.wait("rubbish")
        user.press("esc")
        user.wait("Enter boots")
        is_current(user, "My kernel")
        user.press("ret")
        booted(user, "one")


def test_mistakes_show_in_the_editor(at):
    with at() as user:
        user.wait("Enter boots")
        user.press("e")
        user.wait("Ctrl-X")
        user.send("kernal /x\r")
        user.wait("   kernal /x\n       kernel")
        user.press("f10")
        user.wait('Line 1, column 1: unknown command "kernal". What to do: did you mean')
        user.picture("mistake")
        user.send("\x1b[A\x1b[H\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04")
        until(user, lambda screen, seen: screen[2] == "       kernel $where/kernel.elf one", "kernal is still there")
        user.press("f10")
        booted(user, "one")


def test_failed_edit_comes_back_to_the_editor(at):
    with at() as user:
        user.wait("Enter boots")
        user.press("e")
        user.wait("Ctrl-X")
        for word in ("seven", "eight"):
            user.send("\x1b[F\r module /boot/none " + word)
            user.wait("module /boot/none " + word)
            user.press("f10")
            user.wait(machine.HALTED)
            assert "/boot/none: no such file" in "\n".join(user.screen())
            user.press("spc")
            user.wait("Ctrl-X")
        user.wait("module /boot/none seven")
        user.wait("module /boot/none eight")
        user.press("esc")
        user.wait("Enter boots")
        is_current(user, "My kernel")
        user.press("ret")
        booted(user, "one")


def test_command_line(at):
    with at(files={**FAMILY, "/boot/a": "module"}) as user:
        user.wait("Enter boots")
        user.press("c")
        user.wait("Command line")
        user.send("boot\r")
        user.wait("starts no kernel")
        user.send("\x7f\x7f\x7f\x7fset x=seven\r")
        user.send("kernel --pages=5k $where/kernel.elf $x\r")
        user.wait("Line 2, column 8")
        user.wait("is no value for")
        user.send("\x1b[H" + "\x1b[C" * 15 + "\x1b[3~" + "4")
        user.wait("--pages=4k")
        user.press("ret")
        user.wait("where/kernel.elf $x\n >")
        user.send("module /boot/a\r")
        screen = user.wait("> module /boot/a\n >\n")
        assert [line.strip() for line in screen[2:5]] == [
            "> set x=seven", "> kernel --pages=4k $where/kernel.elf $x", "> module /boot/a"]
        user.picture("command-line")
        same_on_both(user)
        user.press("up")
        user.wait("> module /boot/a\n > module /boot/a")
        user.press(*["backspace"] * 14)
        user.wait("> module /boot/a\n >\n")
        user.send("boot\r")
        booted(user, "seven")
        plan = "\n".join(machine.plan_text(user.serial().split("\x1b[?25h")[-1].replace("\r", "")))
        assert "load      module 0" in plan and " 4 MiB " not in plan


def test_command_line_and_back(at):
    with at() as user:
        user.wait("Enter boots")
        user.press("c")
        user.wait("Command line")
        user.send("kernel /boot/none\rboot\r")
        user.wait(machine.HALTED)
        user.press("spc")
        user.wait("> kernel /boot/none\n >")
        user.send("\x1b")
        user.wait("Enter boots")
        user.send("c")
        user.wait("Command line")
        assert "none" not in "".join(user.screen()[2:])
        user.send("\x1b")
        user.wait("Enter boots")
        user.send("\r")
        booted(user, "one")


def test_entry_too_long_to_edit(at):
    long = 'menuentry "Long" {\n' + "# a line that says nothing, many times\n" * 120 + "}\n"
    with at(entries=long + ENTRIES) as user:
        user.wait("Enter boots")
        user.press("e")
        user.wait('the entry "Long" is longer than the 4 KiB that can be edited here')
        user.press("down")
        is_current(user, "My kernel")
        assert "Long" not in "".join(user.screen()[10:])


def test_more_entries_than_rows(at):
    many = "".join(f'menuentry "Kernel {i}" {{ kernel /boot/kernel.elf n{i} }}\n' for i in range(40))
    with at(entries=many) as user:
        user.wait("Enter boots")
        user.press("pgdn", "pgdn")
        is_current(user, "Kernel 20")
        screen = same_on_both(user)
        assert screen[2].endswith("^") and screen[18].endswith("v")
        user.picture("long")
        user.press("end", "ret")
        booted(user, "n39")


# --- progress ---


def test_progress_of_a_long_load(tmp_path):
    """A module of 24 MiB from a drive of 6 MiB a second."""
    text = 'set timeout=0\nset verbose=1\nmenuentry x {\n kernel /boot/kernel.elf\n module /boot/big\n}\n'
    image = machine.image_of(tmp_path, {**FAMILY, "/boot/big": bytes(24 << 20), "/boot/aloft.cfg": text})
    drive = json.dumps({"driver": "throttle", "node-name": "disk", "throttle-group": "slow",
                        "file": {"driver": "raw", "file": {"driver": "file", "filename": str(image), "locking": "off"}}})
    slow = ["-object", f"throttle-group,id=slow,x-bps-read={6 << 20},x-bps-read-max={6 << 20}"]
    with User(image, tmp_path, blockdev=drive, extra=slow, medium="virtio") as user:
        seen = []
        while user.process.poll() is None and len(seen) < 4:
            try:
                line = user.screen()[24]
            except (ValueError, OSError):
                break
            if " of 24" in line and line not in seen:
                seen.append(line)
                if len(seen) == 4:
                    user.picture("progress")
            time.sleep(0.2)
        assert len(seen) == 4, seen
        found = [re.fullmatch("(█+)(░*)  (\\d+) of 24 MiB, (\\d+) KiB/s, \\d+ s left", line) for line in seen]
        assert all(found), seen
        done = [int(line[3]) for line in found]
        assert done == sorted(done) and 0 < done[0] < done[-1] <= 24
        for line in found:
            assert len(line[1] + line[2]) == 32 and abs(len(line[1]) - int(line[3]) * 32 / 24) < 2, seen
        assert 3 << 10 < int(found[-1][4]) < 16 << 10, seen  # the first second goes faster
        assert user.ended() == machine.PASS
        assert "KiB/s" not in user.serial()


def test_a_fast_load_shows_nothing(tmp_path):
    """The picture of a stopped machine after a load: no trace of a progress line."""
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": machine.KERNELS / "example.elf"})
    result = machine.boot_image(image, tmp_path, until="has the machine to itself")
    assert "KiB/s" not in "".join(result.screen) and " of " not in result.screen[24]
