"""The script language on the machine: files that are there or not, other files, what is shown."""
import machine
import pytest

KERNEL = machine.KERNELS / "example.elf"

SCRIPT = """set timeout=0
set verbose=1
insmod all_video
if [ -f /boot/none.elf ]; then
    set kernel=/boot/none.elf
elif [ -s ($root)/boot/kernel.elf -a -d /boot -a ! -e /boot/none ]; then
    set kernel=/boot/kernel.elf
fi
search --no-floppy --file --set=where /boot/kernel.elf
source $prefix/more.cfg
for word in one two; do
    echo "word $word"
done
menuentry "first" {
    frobnicate
}
submenu "more" {
    set arguments="a b"
    menuentry "second" --id second {
        load $kernel $arguments
    }
}
"""
MORE = """set default="more>second"
function load {
    echo Loading $1 from $where
    kernel ($where)$1 $2 $3
}
"""


def test_script(tmp_path):
    result = machine.boot(tmp_path, {"/boot/kernel.elf": KERNEL, "/boot/grub/grub.cfg": SCRIPT,
                                     "/boot/grub/more.cfg": MORE}, until="trampoline")
    lines = [line.strip() for line in result.serial.split("\n")]
    assert lines.index("word one") < lines.index("word two") < lines.index("Loading /boot/kernel.elf from hd0,msdos1")
    assert "/boot/grub/grub.cfg line 3: not needed: insmod" in lines
    assert any("a b" in line for line in lines)


def test_clear(tmp_path):
    """On the screen and on a terminal; in a submenu once while it is read and once more when its entry is booted."""
    config = "set timeout=0\nsubmenu s {\necho old\nclear\necho new\nmenuentry a {\nnothing\n}\nreturn\nnothing\n}\n"
    result = machine.boot(tmp_path, {"/boot/aloft.cfg": config}, until=machine.HALTED)
    screen = "\n".join(result.screen)
    assert result.serial.count("old\n") == 2 and result.serial.count("\x1b[2J") == 2
    assert screen.lstrip().startswith("new") and "old" not in screen and "E40" in screen


def test_error_in_another_file(tmp_path):
    result = machine.boot(tmp_path, {"/boot/kernel.elf": KERNEL, "/boot/grub/grub.cfg": "source /boot/bad.cfg\n",
                                     "/boot/bad.cfg": "set a=1\nif true; then\n"}, until=machine.HALTED)
    assert "E140" in result.report() and "/boot/bad.cfg line 2, column 1" in result.report(), result.report()


def test_other_drive(tmp_path):
    result = machine.boot(tmp_path, {"/boot/kernel.elf": KERNEL,
                                     "/boot/aloft.cfg": "menuentry x {\n kernel (hd3,1)/boot/kernel.elf\n}\n"},
                          until=machine.HALTED)
    assert "E143" in result.report() and "line 2, column 9" in result.report(), result.report()


def test_endless(tmp_path):
    result = machine.boot(tmp_path, {"/boot/kernel.elf": KERNEL, "/boot/aloft.cfg": "while true; do\ndone\n"},
                          until=machine.HALTED)
    assert "E144" in result.report(), result.report()


def test_configfile_in_an_entry(tmp_path):
    result = machine.boot(tmp_path, {"/boot/kernel.elf": KERNEL,
                                     "/boot/aloft.cfg": "set verbose=1\nmenuentry x {\n configfile /boot/next.cfg\n}\n",
                                     "/boot/next.cfg": "menuentry y {\n kernel /boot/kernel.elf from next\n}\n"},
                          until="trampoline")
    assert "from next" in result.serial


@pytest.mark.parametrize("pc", ["pc", "pc,i8042=off", "isapc,i8042=off"])
def test_reboot(tmp_path, pc):
    """QEMU is started with -no-reboot: it ends. Without a keyboard controller the chipset resets the machine, or the processor."""
    result = machine.boot(tmp_path, {"/boot/kernel.elf": KERNEL,
                                     "/boot/aloft.cfg": "menuentry x {\n echo going round\n reboot\n}\n"}, machine=pc)
    assert result.status == 0 and result.serial == "going round\n"


def test_halt(tmp_path):
    """The BIOS of QEMU switches the machine off."""
    result = machine.boot(tmp_path, {"/boot/kernel.elf": KERNEL, "/boot/aloft.cfg": "menuentry x {\n sleep 1\n halt\n}\n"})
    assert result.status == 0 and result.serial == ""
