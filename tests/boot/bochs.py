"""One boot under Bochs, which refuses what QEMU's emulation lets pass: segment limits in real mode, features that a processor
lacks, reserved bits. It has no monitor for a test to talk to: what it shows is the serial log.
"""
import subprocess
import time

import machine

READY, DEADLINE = "has the machine to itself", 120
HOST_MEMORY = 2048  # MiB that Bochs itself takes at most, whatever the guest has
BIOS = "/usr/share/bochs/BIOS-bochs-latest"
BIOSES = {"bochs": BIOS, "legacy": "/usr/share/bochs/BIOS-bochs-legacy", "seabios": "/usr/share/seabios/bios.bin"}
SETTINGS = """config_interface: textconfig
display_library: rfb, options="timeout=0"
romimage: file={bios}{options}
vgaromimage: file=/usr/share/vgabios/vgabios.bin
memory: guest={memory}, host={host}
cpu: model={cpu}, count=1, ips=50000000, reset_on_triple_fault=0
ata0: enabled=1
ata0-master: type={drive}, path={image}{mode}
boot: {boot}
com1: enabled=1, mode=file, dev={folder}/serial
port_e9_hack: enabled=1
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
log: {folder}/log
clock: sync=none, time0=946681200
panic: action=fatal
error: action=report
info: action=report
debug: action=ignore
"""


def boot(folder, image, until, cpu, bios=BIOS, memory=64, cd=False, more=""):
    """The serial log, when it has the words `until`. The medium is not changed: `volatile` keeps writes to itself. `more` is
    lines of the configuration, {folder} standing for the folder. What is written to port E9h is in folder/output."""
    settings = (SETTINGS + more).format(
        bios=bios, options=", options=fastboot" if "bochs-latest" in bios else "", cpu=cpu, memory=memory,
        host=min(memory, HOST_MEMORY), image=image, folder=folder, drive="cdrom" if cd else "disk",
        mode=", status=inserted" if cd else ", mode=volatile", boot="cdrom" if cd else "disk")
    (folder / "bochsrc").write_text(settings)
    (folder / "commands").write_text("c\nq\n")
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(["bochs", "-q", "-f", folder / "bochsrc", "-rc", folder / "commands"], cwd=folder,
                                   stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + DEADLINE
        while until not in (serial := machine.read_serial(folder / "serial")):
            log = machine.read_serial(folder / "log")
            stopped = "\nFAIL " in serial or (until != machine.HALTED and machine.HALTED in serial)
            assert process.poll() is None and time.monotonic() < end and "PANIC" not in log and not stopped, log[-2000:] + serial
            time.sleep(0.05)
        return serial
    finally:
        process.kill()
        process.wait()
