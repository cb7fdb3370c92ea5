"""A user at a machine: sees the screen and the terminal on the serial line, presses keys on either.

The serial line is two pipes: what is sent into one comes in at the machine; what comes out of it fills the other,
which nobody reads, since it stands in a log too. A pipe holds 64 KiB, more than any test prints."""
import os
import pathlib
import re
import subprocess
import time

import machine


PATIENCE = 40  # seconds, for what comes at once on a machine that has nothing else to do
ARROWS = str.maketrans("\x10\x18\x19", ">^v")


class Terminal:
    """As much of a terminal as Aloft needs (ECMA-48): what has been sent, as 24 rows of text and of colours."""

    def __init__(self, data, columns=80, rows=24):
        self.columns, self.rows = columns, rows
        self.row = self.column = 0
        self.colours = ""
        self.clear()
        for match in re.finditer(r"\x1b\[([0-9;?]*)([A-Za-z])|(.)", data, re.S):
            if match[3]:
                self.character(match[3])
            else:
                self.sequence(match[1], match[2])

    def clear(self):
        self.text = [[" "] * self.columns for _ in range(self.rows)]
        self.seen = [[""] * self.columns for _ in range(self.rows)]

    def character(self, c):
        if c == "\r":
            self.column = 0
        elif c == "\n":
            self.row += 1
        else:
            assert " " <= c <= "~", repr(c)
            assert self.column < self.columns, "text past the right edge"
            if self.row < self.rows:
                self.text[self.row][self.column] = c
                self.seen[self.row][self.column] = self.colours
            self.column += 1
        if self.row == self.rows:
            self.text = self.text[1:] + [[" "] * self.columns]
            self.seen = self.seen[1:] + [[""] * self.columns]
            self.row -= 1

    def sequence(self, numbers, letter):
        if letter == "H":
            row, column = (numbers or "1;1").split(";")
            self.row, self.column = int(row) - 1, int(column) - 1
        elif letter == "J":
            assert numbers == "2"
            self.clear()
        elif letter == "m":
            self.colours = numbers
        else:
            assert numbers == "?25" and letter in "hl", (numbers, letter)

    def lines(self):
        return ["".join(line).rstrip() for line in self.text]


class User:
    """Boots an image and stays at the machine. Use it in a with statement."""

    def __init__(self, image, folder, **where):
        self.folder = pathlib.Path(folder)
        for name in ("qmp", "serial", "line.in", "line.out"):
            (self.folder / name).unlink(missing_ok=True)
        for name in ("line.in", "line.out"):
            os.mkfifo(self.folder / name)
        serial = ["-chardev", f"pipe,id=line,path={folder}/line,logfile={folder}/serial", "-serial", "chardev:line"]
        self.command = machine.qemu_command(image, folder, serial=serial, **where)

        self.pipes = []

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            self.monitor = machine.Monitor(f"{self.folder}/qmp", self.process)
            self.pipes = [os.open(f"{self.folder}/line.{end}", os.O_RDWR) for end in ("in", "out")]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for pipe in self.pipes:
            os.close(pipe)

    # --- what is seen ---

    def screen(self):
        """The text screen; its arrows are the ASCII characters that a terminal gets for them."""
        return [line.translate(ARROWS).rstrip() for line in self.monitor.screen_text(self.folder)]

    def serial(self):
        path = self.folder / "serial"
        return path.read_bytes().decode("latin-1") if path.exists() else ""

    def terminal(self):
        return Terminal(self.serial())

    def wait(self, text, where=None):
        """Until the text is on the screen, or on what `where` returns; then the lines of it."""
        where = where or self.screen
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self.process.poll() is None, self.process.stdout.read()
            seen = where()
            if text in ("\n".join(seen) if isinstance(seen, list) else seen):
                return seen
            time.sleep(0.03)
        raise AssertionError(f"{text!r} did not come:\n" + "\n".join(self.screen()) + "\n" + self.serial())

    def wait_serial(self, text):
        return self.wait(text, self.serial)

    def ended(self):
        """The exit status of QEMU, which the kernel ends."""
        return self.process.wait(machine.DEADLINE)

    def picture(self, name):
        path = machine.BUILD / "screens" / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        self.monitor.command("screendump", filename=str(path), format="png")

    # --- what is pressed ---

    def press(self, *keys):
        """Keys of the keyboard, each a QEMU key code or several joined by +."""
        for key in keys:
            codes = [{"type": "qcode", "data": code} for code in key.split("+")]
            self.monitor.command("send-key", keys=codes, **{"hold-time": 20})
            time.sleep(0.08)

    def hold(self, key, down=True):
        event = {"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": key}}}
        self.monitor.command("input-send-event", events=[event])

    def send(self, data):
        """Bytes on the serial line."""
        os.write(self.pipes[0], data.encode("latin-1"))
