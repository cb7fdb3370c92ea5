"""Bochs: all its processors in every paging mode, with three BIOSes, from disk and CD, with little and much memory.

What QEMU's emulation lets pass ends here: segment limits in real mode, pages of 1 GiB on a processor without them, reserved
bits. What Bochs refuses is a bug.
"""
import bochs
import machine
import processors

TITLE = "processors and BIOSes of Bochs"
FAST = 29

OLD = "pse"
SIX = "pse pae pge pat"
LONG = SIX + " nx long"
BIG = LONG + " 1g"
# As Bochs 2.7 has them (cpu/cpudb): P4 Willamette and Atom N270 have PAE without NX, Pentium II no PAT,
# Turion 64 no 1 GiB pages; none has LA57.
PROCESSORS = {
    "bx_generic": LONG, "pentium": OLD, "pentium_mmx": OLD, "amd_k6_2_chomper": OLD, "p2_klamath": "pse pae pge", "p3_katmai": SIX,
    "p4_willamette": SIX, "core_duo_t2400_yonah": SIX + " nx", "atom_n270": SIX, "p4_prescott_celeron_336": LONG,
    "athlon64_clawhammer": LONG, "athlon64_venice": LONG, "turion64_tyler": LONG, "phenom_8650_toliman": BIG, "core2_penryn_t9600": LONG,
    "corei5_lynnfield_750": LONG, "corei5_arrandale_m520": LONG, "corei7_sandy_bridge_2600k": LONG, "zambezi": BIG, "trinity_apu": BIG,
    "ryzen": BIG, "corei7_ivy_bridge_3770k": LONG, "corei7_haswell_4770": BIG, "broadwell_ult": BIG, "corei7_skylake_x": BIG,
    "corei3_cnl": BIG, "corei7_icelake_u": BIG, "tigerlake": BIG,
}


def start(folder, image, mode, cpu, words=None, **where):
    serial = bochs.boot(folder, image, machine.HALTED if words else f"PASS {mode[0]}\n", cpu, **where)
    if words:
        assert words in " ".join(serial[serial.rindex("could not boot"):].split()), serial
    return serial


def processor(folder, cpu, mode, bios, memory, form):
    features = PROCESSORS[cpu].split()
    words = processors.refusal(features, mode)
    image = machine.image_of(folder, processors.files(*mode[:2]), f"--format={form}")
    serial = start(folder, image, mode, cpu, words, bios=bochs.BIOSES[bios], memory=memory, cd=form == "iso")
    if not words:
        processors.judge(serial, features, mode, memory)


def cases():
    for cpu in PROCESSORS:
        for mode in processors.MODES:
            yield f"{cpu}: {mode[0]} {mode[1]}".strip(), processor, (cpu, mode, "bochs", 64, "hdd")
    modes = {(mode[0], mode[1]): mode for mode in processors.MODES}
    for bios in bochs.BIOSES:
        for cpu, kernel, options in (("pentium", "state32", "--paging=32"), ("p3_katmai", "wx32", "--paging=pae"), ("corei7_skylake_x", "wx64", "")):
            for memory in (4, 8, 16, 64, 512):
                for form in ("hdd", "gpt", "iso"):
                    if (bios, form) != ("legacy", "iso"):
                        yield (f"{bios}, {form}, {memory} MiB: {kernel} on {cpu}", processor, (cpu, modes[kernel, options], bios, memory, form))
    for cpu in ("ryzen", "turion64_tyler", "corei7_skylake_x", "corei7_ivy_bridge_3770k"):
        for kernel in ("state64", "wx64"):
            yield f"{cpu}: {kernel}, {processors.GIGABYTES} MiB", processor, (cpu, modes[kernel, ""], "bochs", processors.GIGABYTES, "hdd")
