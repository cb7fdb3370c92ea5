"""What `aloft plan` shows beside the loader's text: addresses, tables, JSON, pictures. Nothing is booted here.

The translations are checked against a walker written from the Intel manual (mmu.py), over the bytes that --dump-tables
writes and the control registers that --json tells.
"""
import json
import random
import re
import xml.etree.ElementTree as xml
import zlib

import pytest

import machine
import mmu
from test_kernels import HOW, NAMES, REFUSED

CASES = [
    ("c0100000", ["--cpu=486"]), ("c0100000", ["--cpu=pentium", "--memory=1G"]),
    ("c0000000", ["--paging=pae", "--cpu=qemu64", "--memory=5G"]), ("four", ["--paging=pae", "--cpu=pentium3"]),
    ("c0100000", ["--paging=32", "--pages=4k"]), ("low32", ["--identity=all"]),
    ("top2g", []), ("top2g", ["--cpu=max", "--memory=5G", "--machine=q35"]),
    ("top2g", ["--cpu=max", "--paging=5level"]),
    ("low64", ["--pages=4k", "--memory=16M"]), ("half64", ["--memory=2G"]), ("above4g", ["--memory=5G"]),
    ("four64", ["--direct-map=0xffffc00000000000", "--memory=3G"]),
    ("c0100000", ["--recursive=auto"]), ("c0100000", ["--recursive=auto", "--paging=pae"]),
    ("top2g", ["--recursive=auto"]), ("top2g", ["--recursive=auto", "--paging=5level", "--cpu=max"]),
    ("top2g", ["--identity=none", "--temporary", "--share-upper", "--global"]), ("c0100000", ["--identity=tables"]),
    ("half64", ["--map=0xfd000000+16M,combining", "--map=0xfe000000+64K,uncached", "--null-page=mapped"]),
]
IDS = ["-".join([name, *options]).replace("--", "") for name, options in CASES]


def mmu_of(plan, dump):
    """A processor with the plan's control registers, over a dump of the tables."""
    entry, has, base = plan["entry"], plan["machine"]["cpu"]["features"], number(plan["tables"]["physical"])
    cr3, cr4, efer = (number(entry[name] or "0") for name in ("cr3", "cr4", "efer"))

    def read(address, size):
        assert base <= address <= base + len(dump) - size, "an entry leads out of the tables"
        return dump[address - base:address - base + size]

    return mmu.Mmu(read, cr3, cr4, efer, entry["pat"] and number(entry["pat"]), "PAT" in has, "1 GiB pages" in has)


def plan_of(tmp_path, name, options, *more):
    dump = tmp_path / "tables"
    said = machine.aloft("plan", *options, *more, "--json", f"--dump-tables={dump}", machine.KERNELS / f"{name}.elf")
    return json.loads(said), dump.read_bytes()


def how(name):
    """The options that a test kernel is booted with."""
    words = HOW.get(name, {})
    return [*words.get("options", "").split(), *(f"--{key}={words[key]}" for key in ("cpu", "machine") if key in words)]


def number(value):
    return int(value, 16)


def probes(plan):
    """Both ends of every mapping, what lies just outside, and anything."""
    chosen, dice = set(), random.Random(1)
    shown = [plan["tables"]["recursive"]] if plan["tables"]["recursive"] else []
    for row in plan["mappings"] + shown:
        start, size = number(row["virtual"]), number(row["size"])
        chosen |= {start, start + size - 1, start - 1, start + size, start + dice.randrange(size)}
    chosen |= {0, (1 << 32) - 1, (1 << 64) - 1, 1 << 47, (1 << 47) - 1, (1 << 64) - (1 << 47), 1 << 56}
    chosen |= {dice.randrange(1 << 64) for _ in range(10)}
    return sorted(address % (1 << 64) for address in chosen)


@pytest.mark.parametrize("name,options", CASES, ids=IDS)
def test_addresses(tmp_path, name, options):
    plan, dump = plan_of(tmp_path, name, options)
    unit = mmu_of(plan, dump)
    addresses = probes(plan)
    words = [f"--address=0x{address:x}" for address in addresses]
    told, _ = plan_of(tmp_path, name, options, *words)
    text = machine.aloft("plan", *options, *words, machine.KERNELS / f"{name}.elf")
    blocks = re.split(r"^address +", text, flags=re.M)[1:]
    assert len(blocks) == len(told["addresses"]) == len(addresses)
    for address, answer, block in zip(addresses, told["addresses"], blocks):
        assert number(answer["address"]) == address
        assert int(block.split("\n")[0], 16) == address
        check_answer(unit, plan, address, answer, block)


def check_answer(unit, plan, address, answer, block):
    slot = plan["tables"]["recursive"]
    owner = next((row.get("owner", "recursive slot") for row in [*plan["mappings"], *([slot] if slot else [])]
                  if number(row["virtual"]) <= address < number(row["virtual"]) + number(row["size"])), None)
    if not unit.canonical(address):
        assert answer["result"] == "not canonical" and "not mapped" in block
        assert f"0x{number(answer['canonical']):0{8 if unit.bits == 32 else 16}x}" in block
        assert unit.canonical(number(answer["canonical"]))
        assert (number(answer["canonical"]) ^ address) & ((1 << unit.bits) - 1) == 0
        return
    entries, page = unit.walk(address)
    assert [(number(step["physical"]), number(step["value"])) for step in answer["steps"]] == entries
    assert [(int(place, 16), int(value, 16)) for place, value
            in re.findall(r"^\w+ +\d+ at (0x\w+) +(0x\w+)", block, re.M)] == entries
    assert page is None or owner is not None
    assert page is not None or owner in (None, "recursive slot")
    if page is None:
        assert answer["result"] == "absent"
        assert re.search(rf"^not mapped: the {answer['steps'][-1]['entry']} is absent$", block, re.M)
        return
    physical, size, write, execute, user = page.phys + address - page.virt, page.size, *page[4:7]
    assert answer["result"] == "mapped" and answer["owner"] == owner
    assert (number(answer["physical"]), number(answer["page_size"])) == (physical, size)
    assert (answer["write"], answer["execute"], answer["user"]) == (write, execute, user)
    rights = f"r{'w' if write else '-'}{'x' if execute else '-'}"
    units = {1 << 12: "4 KiB", 1 << 21: "2 MiB", 1 << 22: "4 MiB", 1 << 30: "1 GiB"}
    last = re.search(r"^physical +(.*)$", block, re.M).group(1)
    assert last.startswith(f"0x{physical:x}, page of {units[size]} at 0x{physical & -size:x}, {rights}")
    assert f", {owner}; there: " in last


@pytest.mark.parametrize("name,options", CASES, ids=IDS)
def test_leaves_are_what_the_tables_hold(tmp_path, name, options):
    plan, dump = plan_of(tmp_path, name, options)
    leaves = {}
    for run in plan["tables"]["leaves"]:
        size = number(run["page_size"])
        for i in range(number(run["count"])):
            leaves[number(run["virtual"]) + i * size] = (number(run["physical"]) + i * size, size,
                                                         run["write"], run["execute"], run["user"])
    assert leaves == {page.virt: (page.phys, page.size, page.write, page.execute, page.user)
                      for page in mmu_of(plan, dump).pages()}
    for row in plan["mappings"]:
        at = number(row["virtual"])
        for run in row["pages"]:
            size, count = number(run["size"]), number(run["count"])
            assert {leaves[at + i * size][1] for i in range(count)} == {size}
            at += size * count
    text = machine.aloft("plan", *options, "--tables", machine.KERNELS / f"{name}.elf").rstrip("\n").split("\n")
    rows = [re.match(r"(?:leaves)? +(0x\w+) - (0x\w+) -> (0x\w+) - (0x\w+) +(\d+) x", line) for line in text[1:]]
    assert [(int(row[1], 16), int(row[3], 16), int(row[5])) for row in rows] == [
        (number(run["virtual"]), number(run["physical"]), number(run["count"])) for run in plan["tables"]["leaves"]]
    for row, run in zip(rows, plan["tables"]["leaves"]):
        size = number(run["page_size"]) * number(run["count"])
        assert int(row[2], 16) - int(row[1], 16) == int(row[4], 16) - int(row[3], 16) == size


@pytest.mark.parametrize("name,options", CASES, ids=IDS)
def test_cost_of_the_tables(tmp_path, name, options):
    plan, dump = plan_of(tmp_path, name, options)
    tables = plan["tables"]
    assert len(dump) == tables["frames"] * 4096 == number(tables["bytes"])
    assert zlib.crc32(dump) == number(tables["crc32"])
    assert sum(level["frames"] for level in tables["levels"]) == tables["frames"]
    assert tables["levels"][0]["frames"] == 1
    text = machine.aloft("plan", *options, "--tables", machine.KERNELS / f"{name}.elf").split("\n")[0]
    assert text.startswith(f"tables    {tables['frames']} frames, ")
    assert [(int(count), entry) for count, entry in re.findall(r"(\d+) of (\w+)s", text)] == [
        (level["frames"], level["entry"]) for level in tables["levels"]]


@pytest.mark.parametrize("name", NAMES)
def test_json_says_what_the_text_says(tmp_path, name):
    options = ["--memory=5G", *how(name)]
    kernel = machine.KERNELS / f"{name}.elf"
    plan = json.loads(machine.aloft("plan", *options, "--json", kernel))
    assert plan["version"] == 1
    text = machine.aloft("plan", *options, kernel)
    sections, heading = {}, None
    for line in text.rstrip("\n").split("\n"):
        heading = line[:10].strip() or heading
        sections.setdefault(heading, []).append(line[10:])
    ranges = lambda rows: [(number(row["start"]), number(row["start"]) + number(row["size"])) for row in rows]
    spans = lambda lines: [tuple(int(word, 16) for word in line.split()[0:3:2]) for line in lines]
    assert spans(sections["memory"]) == ranges(plan["machine"]["memory"])
    assert spans(sections["place"]) == ranges(plan["claims"])
    assert [line[46:] for line in sections["place"]] == [claim["name"] for claim in plan["claims"]]
    assert len(sections["load"]) == len(plan["loads"])
    for line, load in zip(sections["load"], plan["loads"]):
        assert re.search(rf"{load['number']} .*-> 0x0*{number(load['physical']):x}\b", line)
    rows = [re.match(r"(0x\w+) -> (0x\w+) .* (r[-w][-x][-ucg]) (.*)$", line) for line in sections.get("map", [])]
    assert [(int(row[1], 16), int(row[2], 16), row[3][1] == "w", row[3][2] == "x", row[4]) for row in rows] == [
        (number(row["virtual"]), number(row["physical"]), row["write"], row["execute"], row["owner"])
        for row in plan["mappings"]]
    for row in plan["mappings"]:
        assert sum(number(run["size"]) * number(run["count"]) for run in row["pages"]) == number(row["size"])
    assert [note["text"] for note in plan["notes"]] == sections.get("note", [])
    assert (plan["tables"]["frames"] if plan["tables"] else 0) == int(re.search(r"(\d+) frames", text)[1])
    assert number(plan["entry"]["ip"]) == int(re.match(r"0x\w+", sections["entry"][0])[0], 16)
    check_memory_map(plan)


def check_memory_map(plan):
    """Sorted, disjoint, and each claim that outlives the loader is in it with its kind."""
    end = 0
    for row in plan["memory_map"]:
        assert number(row["start"]) >= end
        end = number(row["start"]) + number(row["size"])
    for claim in plan["claims"]:
        inside = [row for row in plan["memory_map"] if number(row["start"]) <= number(claim["start"])
                  < number(row["start"]) + number(row["size"])]
        assert len(inside) == 1
        assert claim["free_in_kernel"] or inside[0]["kind"] >= 16


def test_entry_state(tmp_path):
    entry = plan_of(tmp_path, "top2g", ["--cpu=max", "--paging=5level"])[0]["entry"]
    assert entry["bits"] == 64 and number(entry["cr0"]) == 0x80010011
    assert number(entry["cr4"]) & 0x1020 == 0x1020 and number(entry["efer"]) == 0xD00
    assert number(entry["sp"]) % 16 == 8 and number(entry["ax"]) == 0x54464C41
    assert entry["cs"] == "0x8" and entry["ss"] == "0x10" and entry["flags"] == "0x2" and entry["r15"] == "0x0"
    assert entry["gdt"] == {"limit": 23, "base": entry["information_virtual"]} and entry["idt"]["limit"] == 0
    assert json.loads(machine.aloft("plan", "--paging=off", "--json", machine.KERNELS / "low32.elf"))["tables"] is None


def test_modules_in_json(tmp_path):
    files = {"one": b"x" * 5000, 'two "quoted" \xff'.encode("latin-1"): b""}
    paths = []
    for name, content in files.items():
        path = tmp_path / (name if isinstance(name, str) else name.decode("latin-1"))
        path.write_bytes(content)
        paths.append(path)
    plan, _ = plan_of(tmp_path, "modules64", [f"--module={path}" for path in paths])
    assert [number(module["size"]) for module in plan["modules"]] == [5000, 0]
    assert plan["modules"][0]["path"] == "/boot/one" and plan["modules"][1]["path"].startswith('/boot/two "quoted" ')


def test_errors_are_json_too(tmp_path):
    done = machine.aloft("plan", "--json", "--paging=4level", machine.KERNELS / "low32.elf", status=1)
    error = json.loads(done[:done.rindex("}") + 1])["error"]
    assert error["code"] == 88 and error["name"] == "PLAN_FORMAT" and error["text"] and error["fix"]


def test_paging_off():
    said = machine.aloft("plan", "--paging=off", "--tables", "--address=0x100000", "--address=0x100000000",
                         machine.KERNELS / "low32.elf")
    assert "physical  0x100000, paging is off; there: PT_LOAD 0\n" in said
    assert "not mapped: paging is off" in said and "tables    none, paging is off\n" in said


@pytest.mark.parametrize("word,says", [
    ("--address=", "no address"), ("--address=c0100000", "0x"), ("--address=0x", "no address"),
    ("--address=0x-1", "no address"), ("--address=0x10000000000000000", "no address"),
    ("--address=0x12g", "no address"), ("--address", "no value"), ("--tables=hex", "takes no value"), ("--json=1", "takes no value"),
    ("--svg=/does/not/exist/x.svg", "cannot be written"), ("--dump-tables=/does/not/exist/x", "cannot be written"),
    ("--nonsense", "--nonsense"), ("--paging=7level", "7level"),
])
def test_wrong_calls(word, says):
    assert says in machine.aloft("plan", word, machine.KERNELS / "low32.elf", status=2)


# ---- pictures ----

SVG = "{http://www.w3.org/2000/svg}"


def boxes_of_text(root):
    """(left, top, right, bottom, text) of every label, for a font that is 0.61 em wide and stands 0.8 em above and
    0.2 em below its line."""
    for label in root.iter(f"{SVG}text"):
        size, x, y = (float(label.get(name)) for name in ("font-size", "x", "y"))
        width = len(label.text) * size * 0.61
        left = x - width if label.get("text-anchor") == "end" else x
        yield left, y - 0.8 * size, left + width, y + 0.2 * size, label.text


def check_picture(path):
    root = xml.parse(path).getroot()
    assert root.tag == f"{SVG}svg" and root.get("version") == "1.1"
    width, height = (float(word) for word in root.get("viewBox").split()[2:])
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {"svg", "title", "rect", "path", "g", "text"}
    labels = list(boxes_of_text(root))
    for i, (left, top, right, bottom, text) in enumerate(labels):
        assert 0 <= left and right <= width + 1 and 0 <= top and bottom <= height, text
        for other in labels[i + 1:]:
            assert right <= other[0] + 1 or other[2] <= left + 1 or bottom <= other[1] or other[3] <= top, (text, other)
    for box in root.iter(f"{SVG}rect"):
        if box.get("width") != "100%":
            x, y, w, h = (float(box.get(name)) for name in ("x", "y", "width", "height"))
            assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
    return [text for *_, text in labels]


@pytest.mark.parametrize("name,memory", [(name, memory) for name in NAMES for memory in ("128M", "5G")
                                         if (name, memory) not in REFUSED])
def test_picture_of_every_kernel(tmp_path, name, memory):
    modules = [f"--module={machine.ROOT / 'README.md'}"] * name.startswith("modules")
    picture = tmp_path / "picture.svg"
    assert machine.aloft("plan", f"--memory={memory}", *how(name), *modules, f"--svg={picture}",
                         machine.KERNELS / f"{name}.elf") == ""
    texts = check_picture(picture)
    assert texts[0] in (f"{name}.elf, 32-bit", f"{name}.elf, 64-bit")
    assert {"physical memory", "virtual memory", "PT_LOAD 0", "stack", "kernel"} <= set(texts)
    assert ("guard page" in texts) != ("paging off" in texts)
    assert ("module 0" in texts) == bool(modules)


@pytest.mark.parametrize("name,options", CASES, ids=IDS)
def test_picture_of_every_case(tmp_path, name, options):
    picture = tmp_path / "picture.svg"
    machine.aloft("plan", *options, f"--svg={picture}", machine.KERNELS / f"{name}.elf")
    texts = check_picture(picture)
    shown = [word for word in options if not word.startswith(("--memory", "--cpu", "--machine"))]
    assert not shown or " ".join(shown) in texts


def test_picture_of_a_name_that_means_something_to_xml(tmp_path):
    kernel = tmp_path / "a<b>&\"c\".elf"
    kernel.write_bytes((machine.KERNELS / "low32.elf").read_bytes())
    machine.aloft("plan", f"--svg={tmp_path / 'x.svg'}", kernel)
    assert check_picture(tmp_path / "x.svg")[0] == 'a<b>&"c".elf, 32-bit'
