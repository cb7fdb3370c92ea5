"""A memory management unit, written from the Intel manual (SDM volume 3A, chapter 4, and section 12.12 for the memory
types): what a processor with given control registers makes of the tables in memory. It shares nothing with Aloft.
"""
import collections
import struct

PRESENT, WRITE, USER, PWT, PCD, ACCESSED, DIRTY, LARGE, GLOBAL, NX = 1, 2, 4, 8, 16, 32, 64, 128, 256, 1 << 63
PAT_OF_RESET = 0x0007040600070406
TYPES = {0: "uncached", 1: "write-combining", 4: "write-through", 5: "write-protected", 6: "write-back", 7: "uncached-"}

# A page: `entry` is the leaf as it stands in memory, the rights are what all levels together allow. `reserved`: the
# leaf has the PAT's bit and the processor no PAT, so that any use faults.
Page = collections.namedtuple("Page", "virt phys size entry write execute user is_global cache reserved")
# Pages side by side that are equal in all but their addresses.
Run = collections.namedtuple("Run", "virt phys size count write execute user is_global cache")


class Mmu:
    """`read(address, size)` gives bytes of physical memory."""

    def __init__(self, read, cr3, cr4, efer, pat=None, has_pat=True, has_1g=False):
        self.read, self.frames, self.cr4, self.pat, self.has_pat = read, {}, cr4, pat or PAT_OF_RESET, has_pat
        self.has_nx = bool(efer >> 11 & 1)
        pae, long_mode = cr4 >> 5 & 1, efer >> 10 & 1
        self.width, self.bits = 8 if pae else 4, 32
        if long_mode:
            self.bits = 57 if cr4 >> 12 & 1 else 48
            self.shifts = [48, 39, 30, 21, 12] if self.bits == 57 else [39, 30, 21, 12]
            self.large = {30, 21} if has_1g else {21}
        elif pae:
            self.shifts, self.large = [30, 21, 12], {21}
        else:
            self.shifts, self.large = [22, 12], {22} if cr4 >> 4 & 1 else set()
        # PAE's root is four entries on 32 bytes, and they have no rights.
        self.pae_root = bool(pae and not long_mode)
        self.root = cr3 & 0xFFFFFFE0 if self.pae_root else cr3 & 0x000FFFFFFFFFF000

    def entries(self, table, level):
        """All entries of a table; the frame is read once."""
        if table not in self.frames:
            size = 32 if self.pae_root and level == 0 else 4096
            code = "Q" if self.width == 8 else "L"
            self.frames[table] = struct.unpack(f"<{size // self.width}{code}", self.read(table, size))
        return self.frames[table]

    def canonical(self, virt):
        return virt >> 32 == 0 if self.bits == 32 else virt >> self.bits - 1 in (0, (1 << 65 - self.bits) - 1)

    def is_leaf(self, shift, entry):
        return shift == 12 or bool(entry & LARGE and shift in self.large)

    def memory_type(self, shift, entry):
        """The three bits choose a byte of the PAT; the third is bit 7, or bit 12 of a large page."""
        index = entry >> 3 & 3 | (entry >> (7 if shift == 12 else 12) & 1) << 2
        return TYPES[self.pat >> index * 8 & 7]

    def address(self, shift, entry):
        width = 52 if self.width == 8 else 32
        return entry & (1 << width) - (1 << shift)

    def page(self, virt, shift, entry, rights):
        write, execute, user = rights
        reserved = not self.has_pat and bool(entry >> (7 if shift == 12 else 12) & 1)
        return Page(virt, self.address(shift, entry), 1 << shift, entry, write, execute, user,
                    bool(entry & GLOBAL and self.cr4 >> 7 & 1), self.memory_type(shift, entry), reserved)

    def rights(self, level, entry, rights):
        write, execute, user = rights
        if self.pae_root and level == 0:
            return rights
        execute = execute and not (self.has_nx and entry & NX)
        return write and bool(entry & WRITE), execute, user and bool(entry & USER)

    def walk(self, virt):
        """The entries on the way as (physical place, value), and the Page that holds the address, or None."""
        table, way, rights = self.root, [], (True, True, True)
        for level, shift in enumerate(self.shifts):
            entries = self.entries(table, level)
            index = virt >> shift & len(entries) - 1
            entry = entries[index]
            way.append((table + index * self.width, entry))
            if not entry & PRESENT:
                return way, None
            rights = self.rights(level, entry, rights)
            if self.is_leaf(shift, entry):
                return way, self.page(virt & -1 << shift, shift, entry, rights)
            table = self.address(12, entry)
        raise AssertionError("no leaf at the lowest level")

    def pages(self):
        """Every page, in the order of addresses."""
        def below(table, level, virt, rights):
            shift = self.shifts[level]
            for index, entry in enumerate(self.entries(table, level)):
                if not entry & PRESENT:
                    continue
                here, left = virt | index << shift, self.rights(level, entry, rights)
                if self.is_leaf(shift, entry):
                    if self.bits > 32 and here >> self.bits - 1:
                        here |= (1 << 64) - (1 << self.bits)
                    yield self.page(here, shift, entry, left)
                else:
                    yield from below(self.address(12, entry), level + 1, here, left)

        return below(self.root, 0, 0, (True, True, True))


def runs_of(pages):
    """The pages that can be used as runs, as long as can be."""
    runs = []
    for page in pages:
        if page.reserved:
            continue
        rest = (page.write, page.execute, page.user, page.is_global, page.cache)
        runs.append(Run(page.virt, page.phys, page.size, 1, *rest))
    return join(runs)


def join(runs):
    """Runs that go on where the one before ends become one."""
    joined = []
    for run in runs:
        last = joined[-1] if joined else None
        if last and last[4:] == run[4:] and last.size == run.size and (
                last.virt + last.size * last.count == run.virt and last.phys + last.size * last.count == run.phys):
            joined[-1] = last._replace(count=last.count + run.count)
        else:
            joined.append(run)
    return joined
