"""Hundreds of rounds of menu, editor and failure on one machine, which then boots: nothing was used up. The same ten thousand
times without a machine: tests/unit/test_rounds.c."""
import os
import select
import time

import machine
from user import PATIENCE, User

TITLE = "rounds of menu, editor and failure"
FAST = 2

ONE = """set timeout=30
set default=lost
function load { kernel /boot/lost.elf $1; }
menuentry "Over there" { set root=hd0; x=1; configfile /boot/two.cfg }
menuentry "Lost" --id lost { load here }
submenu "More" {
    menuentry "The kernel" { kernel /boot/kernel.elf }
}
"""
TWO = """set default=there
function again { load again; }
menuentry "Back" { y=1; configfile /boot/aloft.cfg }
menuentry "Lost there" --id there { load there }
"""


class Rounds:
    def __init__(self, user):
        self.user, self.seen = user, 0

    def until(self, text):
        """Until the text comes, behind what was waited for last."""
        end = time.monotonic() + PATIENCE
        while (at := self.user.serial().find(text, self.seen)) < 0:
            while select.select([self.user.pipes[1]], [], [], 0.02)[0]:
                os.read(self.user.pipes[1], 1 << 16)  # a pipe that is full stops the machine
            assert self.user.process.poll() is None and time.monotonic() < end, self.user.serial()[-3000:]
        self.seen = at + len(text)

    def fail(self, keys, then):
        """Keys that end in an error; another one leads to where `then` is seen."""
        self.user.send(keys)
        self.until("/boot/lost.elf: no such file")
        self.until(machine.HALTED)
        self.user.send(" ")
        self.user.wait(then)

    def one(self):
        """From the first configuration to the second, with an edited entry, and back."""
        self.fail("\x1b[H\r", "Enter boots")
        self.user.send("\x1b[Fe")
        self.user.wait("Ctrl-X or F10")
        self.fail("y=2; \x18", "Ctrl-X or F10")
        self.user.send("\x1b")
        self.user.wait("Enter boots")
        self.fail("\x1b[H\r", "Enter boots")


def rounds(folder, count):
    image = machine.image_of(folder, {"/boot/kernel.elf": machine.KERNELS / "c0100000.elf", "/boot/aloft.cfg": ONE,
                                      "/boot/two.cfg": TWO})
    with User(image, folder) as user:
        this = Rounds(user)
        user.wait("Enter boots")
        for _ in range(count):
            this.one()
        user.send("\x1b[F\r\r")
        assert user.ended() == machine.PASS, user.serial()[-3000:]
    return f"of {count} rounds booted"


def cases():
    for count in (10, 400):
        yield f"{count} rounds", rounds, (count,)
