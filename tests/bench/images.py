"""Images of every loader for disks, CDs and floppies, made without root.

All of one medium have the same volume with the same files, which `aloft image` makes: FAT32 in a partition of 1 GiB, and so with
clusters of 4 KiB; ISO 9660; FAT12. The other loaders are put into it in place of Aloft's boot sector and stage 2. The limit
program's has no file system.
"""
import pathlib
import shutil
import struct
import subprocess

import boots
import kernels
import machine

GRUB = pathlib.Path("/usr/lib/grub/i386-pc")
SYSLINUX = pathlib.Path("/usr/lib/syslinux")
ISOLINUX = pathlib.Path("/usr/lib/ISOLINUX/isolinux.bin")
GRUB_MODULES = ["biosdisk", "multiboot", "multiboot2", "boot"]
GRUB_FILE_SYSTEMS = {"disk": ["part_msdos", "fat"], "floppy": ["fat"], "cd": ["iso9660"]}
GRUB_ROOTS = {"disk": "(hd0,msdos1)", "floppy": "(fd0)", "cd": "(cd)"}

SECTOR = 512
TRACK = 18 * SECTOR
FLOPPY = 160 * TRACK
PARTITION = 2048 * SECTOR  # where `aloft image` puts it
BOOT_CODE = 440            # of a master boot record: the disk's signature and the partition table are behind it
LIMIT_FIRST = 8            # in the limit program: the kernel's first sector
BPB = slice(3, 90)         # of a FAT volume's first sector


def run(*command):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")


def put(image, at, content):
    with open(image, "r+b") as file:
        file.seek(at)
        file.write(content)


def take(image, count):
    with open(image, "rb") as file:
        return file.read(count)


def tree(folder, files):
    machine.make_tree(folder / "tree", files)
    return folder / "tree"


def size_of(*paths):
    return sum(path.stat().st_size for path in paths)


def make_cd(image, boot_image, files, option="-boot-info-table"):
    run("xorriso", "-as", "mkisofs", "-R", "-follow-links", "-o", image, "-b", boot_image, "-no-emul-boot",
        "-boot-load-size", "4", option, files)


def aloft_image(folder, form, files):
    image = folder / ("aloft.iso" if form == "cd" else "aloft.img")
    options = {"disk": ["--fat=32", "--size=1G"], "small clusters": ["--fat=32"], "floppy": ["--format=floppy"], "cd": []}[form]
    machine.aloft("image", "-o", image, *options, tree(folder, files))
    return image


def limit(folder, form, kernel, defines=""):
    """Bytes on disk: the boot sector. The kernel behind it is the segment, not an ELF file."""
    content = kernels.segment(kernel)
    program, image = folder / "limit.bin", folder / "limit.img"
    sector = 2048 if form == "cd" else SECTOR
    kind = {"cd": ["-DCD"], "floppy": ["-DFLOPPY"]}.get(form, [])
    run("nasm", "-f", "bin", f"-DSECTORS={-(-len(content) // sector)}", *kind, *defines.split(), "-o", program,
        pathlib.Path(__file__).parent / "limit.asm")
    code = program.read_bytes()
    if form == "cd":
        image = folder / "limit.iso"
        make_cd(image, "limit.bin", tree(folder, {"/limit.bin": code, "/kernel.bin": content}), "-pad")
        whole = image.read_bytes()
        first, place = whole.index(content) // sector, whole.index(code)
        put(image, place + LIMIT_FIRST, struct.pack("<I", first))
    elif form == "floppy":
        image.write_bytes((code.ljust(TRACK, b"\0") + content).ljust(FLOPPY, b"\0"))
    else:
        image.write_bytes((code + content).ljust(len(content) + (1 << 20), b"\0"))
    return image, len(code)


def aloft(folder, form, kernel, command):
    """`command` is what loads the kernel in the configuration; its options are ours alone."""
    elf = folder / "kernel.elf"
    if not command.startswith("kernel"):
        kernels.write(elf, kernel)
    elif "4level" in command:
        kernels.write(elf, kernel, 64, 0xFFFFFFFF80100000)
    else:
        kernels.write(elf, kernel, 32, 0xC0100000)
    image = aloft_image(folder, form, {"/boot/kernel.elf": elf, "/boot/aloft.cfg": f"{command} /boot/kernel.elf\nboot\n"})
    return image, size_of(machine.BUILD / ("cd.bin" if form == "cd" else "boot.bin"), machine.BUILD / "stage2.bin")


def grub_core(folder, form, script):
    """GRUB's second stage for a medium. Without a script it has `normal`, which executes the volume's grub.cfg."""
    core, root = folder / "core.img", GRUB_ROOTS[form]
    words = ["-O", "i386-pc-eltorito" if form == "cd" else "i386-pc", "-d", GRUB, "-o", core, "-p", f"{root}/boot/grub"]
    modules = GRUB_MODULES + GRUB_FILE_SYSTEMS[form]
    if script:
        (folder / "load.cfg").write_text(script)
        run("grub-mkimage", *words, "-c", folder / "load.cfg", *modules)
    else:
        run("grub-mkimage", *words, *modules, "normal", "configfile")
    return core


def put_grub(image, form, core):
    """boot.img reads core.img from sector 1 on, which is what both say before anybody writes other places into them."""
    first, code = take(image, SECTOR), (GRUB / "boot.img").read_bytes()
    room = struct.unpack_from("<H", first, 14)[0] * SECTOR if form == "floppy" else PARTITION
    if SECTOR + size_of(core) > room:
        raise RuntimeError(f"GRUB's core.img has {size_of(core)} bytes, there is room for {room - SECTOR}")
    if form == "disk":
        code = code[:BOOT_CODE] + first[BOOT_CODE:]
    else:
        code = code[:BPB.start] + first[BPB] + code[BPB.stop:]
    put(image, 0, code)
    put(image, SECTOR, core.read_bytes())


def grub_floppy(folder, files):
    """A floppy whose reserved sectors hold core.img, which is larger than Aloft."""
    image = folder / "grub.img"
    run("mkfs.fat", "-C", "-F", "12", "-R", "320", image, FLOPPY // 1024)
    run("mcopy", "-s", "-i", image, *tree(folder, files).iterdir(), "::")
    return image


def grub(folder, form, kernel, command):
    """Its leanest form: what is to be done stands in the image itself. With `normal`, the usual one on disks."""
    script, file = f"{command} %s/boot/kernel.elf\nboot\n", folder / "kernel.elf"
    kernels.write(file, kernel)
    core = grub_core(folder, form, None if command == "normal" else script % GRUB_ROOTS[form])
    files = {"/boot/kernel.elf": file}
    if command == "normal":
        files["/boot/grub/grub.cfg"] = "multiboot /boot/kernel.elf\nboot\n"
    if form == "cd":
        image = folder / "grub.iso"
        make_cd(image, "boot/core.img", tree(folder, {**files, "/boot/core.img": core}))
        return image, size_of(core)
    image = grub_floppy(folder, files) if form == "floppy" else aloft_image(folder, form, files)
    put_grub(image, form, core)
    return image, size_of(core) + SECTOR


def grub_mkrescue(folder, form, kernel, command):
    """As most hobby systems make their CDs."""
    files = tree(folder, {"/boot/grub/grub.cfg": f"{command} /boot/kernel.elf\nboot\n"})
    kernels.write(files / "boot/kernel.elf", kernel)
    image = folder / "rescue.iso"
    run("grub-mkrescue", "-d", GRUB, "-o", image, files)
    return image, image.stat().st_size - (files / "boot/kernel.elf").stat().st_size


def syslinux(folder, form, kernel, command):
    """syslinux -i writes through mtools, at an offset in the image; the master boot record is its own too."""
    kernels.write(folder / "kernel.elf", kernel)
    modules = [SYSLINUX / "modules/bios" / name for name in ("mboot.c32", "libcom32.c32", "ldlinux.c32")]
    config = f"PROMPT 0\nDEFAULT k\nLABEL k\n  KERNEL {command}\n  APPEND /boot/kernel.elf\n"
    files = {"/boot/kernel.elf": folder / "kernel.elf", "/mboot.c32": modules[0], "/libcom32.c32": modules[1]}
    if form == "cd":
        shutil.copy(ISOLINUX, folder / "isolinux.bin")
        files.update({"/ldlinux.c32": modules[2], "/isolinux.cfg": config, "/isolinux.bin": folder / "isolinux.bin"})
        image = folder / "isolinux.iso"
        make_cd(image, "isolinux.bin", tree(folder, files))
        return image, size_of(ISOLINUX, *modules)
    image = aloft_image(folder, form, {**files, "/syslinux.cfg": config})
    if form == "disk":
        code = (SYSLINUX / "mbr/mbr.bin").read_bytes()
        put(image, 0, code + take(image, SECTOR)[len(code):])
        run("syslinux", "-i", "-t", PARTITION, image)
    else:
        run("syslinux", "-i", image)
    listing = subprocess.run(["mdir", "-a", "-i", f"{image}@@{PARTITION if form == 'disk' else 0}", "::/ldlinux.sys"],
                             capture_output=True, text=True, check=True).stdout
    loader = next(int(line.split()[2]) for line in listing.split("\n") if line.lower().startswith("ldlinux"))
    return image, size_of(*modules) + loader + (2 if form == "disk" else 1) * SECTOR


# How each loader is called in the tables: what makes its image, and the command for the kernel.
LOADERS = {
    "limit": (limit, ""),
    "Aloft, multiboot": (aloft, "multiboot"),
    "Aloft, 32-bit": (aloft, "kernel"),
    "Aloft, 4-level": (aloft, "kernel --paging=4level"),
    "GRUB, multiboot": (grub, "multiboot"),
    "GRUB, multiboot2": (grub, "multiboot2"),
    "GRUB, normal": (grub, "normal"),
    "grub-mkrescue": (grub_mkrescue, "multiboot2"),
    "syslinux": (syslinux, "mboot.c32"),
}
OURS = "Aloft, multiboot"  # does what the peers do
NATIVE = "Aloft, 32-bit"   # reads no debug sections, which Multiboot's information is about
# For bars on growth alone.
BARE = {"Aloft, direct map": (aloft, "kernel --paging=4level --identity=none"),
        "Aloft, no maps": (aloft, "kernel --paging=4level --identity=none --direct-map=none")}
PEERS = ["GRUB, multiboot", "GRUB, multiboot2", "GRUB, normal", "grub-mkrescue", "syslinux"]
ONLY = {"GRUB, normal": "disk", "grub-mkrescue": "cd"}


def missing():
    """The peers' files that are not there."""
    return [str(path) for path in (GRUB / "boot.img", SYSLINUX / "modules/bios/mboot.c32", ISOLINUX) if not path.exists()]


def ours(kernel):
    """Whose time and bytes are compared."""
    return NATIVE if kernel == "debug" else OURS


def loaders(form, with_peers=True):
    return [name for name in LOADERS if ONLY.get(name, form) == form and (with_peers or name not in PEERS)]


def fits(form, kernel):
    return form != "floppy" or kernel == "64K"


def make(folder, form, kernel, loader):
    """Makes the image in a folder of its own below `folder`: its path, and the loader's bytes on disk."""
    where = pathlib.Path(folder) / loader.replace(" ", "-")
    where.mkdir(parents=True)
    maker, command = {**LOADERS, **BARE}[loader]
    return maker(where, form, kernel, command)
