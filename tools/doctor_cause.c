#include "doctor_cause.h"

#include "message.h"

#define HEX(value) doctor_address(p, value)

static const struct diagnosis unknown = {NULL, NULL};

static struct diagnosis diagnose(const char *why, const char *fix) {
    return (struct diagnosis){why, fix};
}

const char *doctor_address(const struct patient *p, u64 address) {
    int digits = p->fault->wide || address >> 32 ? 16 : 8;
    return make_text("0x%0*llx", digits, (unsigned long long)address);
}

/* ---- what is asked about the patient ---- */

/* A fetch is told by its error code only where NX is on. Else the address is that of the
 * instruction, or that of the next page where the instruction reaches into it. */
bool doctor_is_fetch(const struct patient *p) {
    const struct fault *fault = p->fault;
    u64 ahead = fault->cr2 - fault->ip;
    if (fault->vector != VECTOR_PAGE || fault->code & PAGE_WRITE)
        return false;
    return fault->code & PAGE_FETCH || !ahead || (ahead < 15 && is_aligned(fault->cr2, PAGE_SIZE));
}

/* QEMU reports reserved bits without the present bit, processors with it. */
static bool is_absent(const struct patient *p) {
    return !(p->fault->code & (PAGE_PRESENT | PAGE_RESERVED));
}

static struct view view_of(const struct patient *p, u64 virt) {
    return memory_view(p->memory, p->fault, virt);
}

static bool is_mapped(const struct patient *p, u64 virt) {
    return view_of(p, virt).result == VIEW_MAPPED;
}

/* The kernel's, but only where it is loaded, not where it is linked. */
static bool is_only_physical(const struct patient *p, u64 address) {
    return kernel_physical(p->kernel, address) && !kernel_virtual(p->kernel, address);
}

/* A virtual address of the kernel that is no physical one of its own. */
static bool is_only_virtual(const struct patient *p, u64 address) {
    return kernel_virtual(p->kernel, address) && !kernel_physical(p->kernel, address);
}

static u64 physical_of(const struct patient *p, u64 virt) {
    const struct segment *segment = kernel_virtual(p->kernel, virt);
    return segment ? virt - segment->virt + segment->phys : virt;
}

static u64 virtual_of(const struct patient *p, u64 phys) {
    const struct segment *segment = kernel_physical(p->kernel, phys);
    return segment ? phys - segment->phys + segment->virt : phys + kernel_offset(p->kernel);
}

static bool is_after(const struct patient *p, u8 modrm) {
    const u8 *end = p->before + CODE_BEFORE;
    return p->before_known && end[-3] == 0x0f && end[-2] == 0x22 && (end[-1] & 0xf8) == modrm;
}

static bool is_after_mov_cr0(const struct patient *p) {
    return is_after(p, 0xc0);
}

static const char *pointer_name(const struct patient *p) {
    return p->fault->wide ? "RIP" : "EIP";
}

static const char *stack_name(const struct patient *p) {
    return p->fault->wide ? "RSP" : "ESP";
}

/* The registers that LIDT and LGDT have not touched since the BIOS: SeaBIOS and others leave the
 * real-mode vectors at 0. */
static bool has_no_idt(const struct fault *fault) {
    return fault->idt_limit == 0 || (fault->idt_base == 0 && fault->idt_limit == 0x3ff);
}

static const char *level_name(const struct view *view, const struct view_step *step) {
    return make_text("%s %u", view->format->levels[step->level].name, step->index);
}

static const struct view_step *last_step(const struct view *view) {
    return view->step_count ? &view->steps[view->step_count - 1] : NULL;
}

/* The name of the entry that ends the walk, or "the entry". */
static const char *last_name(const struct view *view) {
    const struct view_step *step = last_step(view);
    return step ? level_name(view, step) : "its entry";
}

/* ---- what happened ---- */

static const char *const vector_names[] = {
    "division error",
    "debug exception",
    "non-maskable interrupt",
    "breakpoint (int3)",
    "overflow exception",
    "BOUND range exceeded",
    "invalid opcode",
    "no FPU (device not available)",
    "double fault",
    "coprocessor segment overrun",
    "invalid TSS",
    "segment not present",
    "stack segment fault",
    "general protection fault",
    "page fault",
    "reserved exception",
    "x87 error",
    "alignment check",
    "machine check",
    "SSE error",
    "virtualization exception",
    "control protection exception",
};

const char *doctor_exception(u32 vector) {
    return vector < ARRAY_COUNT(vector_names) ? vector_names[vector] : "reserved exception";
}

static const char *page_trouble(const struct patient *p) {
    u32 code = p->fault->code;
    if (code & PAGE_RESERVED)
        return "reserved bits are set in an entry for the page";
    if (!(code & PAGE_PRESENT))
        return "the page is not present";
    if (code & PAGE_USER)
        return p->view.user ? "the page is present, but user code may not do that"
                            : "the page is present, but not for user code";
    if (doctor_is_fetch(p))
        return "the page is present, but not for execution";
    return code & PAGE_WRITE ? "the page is present, but cannot be written"
                             : "the page is present, but cannot be read";
}

static const char *page_fault_text(const struct patient *p) {
    const char *doing = doctor_is_fetch(p)            ? "fetching the instruction at"
                        : p->fault->code & PAGE_WRITE ? "writing to"
                                                      : "reading";
    return make_text("page fault: %s %s; %s", doing, HEX(p->fault->cr2), page_trouble(p));
}

static const char *code_text(const struct patient *p) {
    char bytes[3 * 8 + 1] = "";
    for (u32 i = 0; i < p->code_count && i < 8; i++)
        snprintf(bytes + 3 * i, 4, " %02x", p->code[i]);
    return bytes[0] ? make_text(" (its bytes:%s)", bytes) : "";
}

/* SDM volume 3A, figure 6-7. */
static const char *error_code_text(const struct fault *fault) {
    bool has_code = fault->vector >= VECTOR_TSS && fault->vector <= VECTOR_PROTECTION;
    if (!has_code || fault->software || fault->hardware)
        return "";
    if (!fault->code)
        return ", error code 0";
    if (fault->code & CODE_IDT)
        return make_text(", error code 0x%x: IDT entry %u", fault->code, fault->code >> 3);
    return make_text(", error code 0x%x: selector 0x%x of the %s", fault->code, fault->code & ~7u,
                     fault->code & 4 ? "LDT" : "GDT");
}

const char *doctor_happened(const struct patient *p) {
    const struct fault *fault = p->fault;
    if (fault->hardware)
        return make_text("interrupt 0x%02x from a device, before the instruction at %s",
                         fault->vector, HEX(fault->ip));
    if (fault->software && fault->vector != VECTOR_BREAKPOINT)
        return make_text("int 0x%02x at %s", fault->vector, HEX(fault->ip));
    if (fault->vector == VECTOR_PAGE)
        return page_fault_text(p);
    return make_text("%s (vector %u) at %s%s%s", doctor_exception(fault->vector), fault->vector,
                     HEX(fault->ip), error_code_text(fault),
                     fault->vector == VECTOR_OPCODE ? code_text(p) : "");
}

const char *doctor_aftermath(const struct patient *p) {
    const struct fault *fault = p->fault, *then = p->then;
    bool page_fault = then && (then->vector == VECTOR_PAGE || then->during == VECTOR_PAGE);
    u64 gate = fault->idt_base + (u64)fault->vector * fault_gate_size(fault);
    if (has_no_idt(fault))
        return make_text("No IDT is loaded (IDTR: base %s, limit 0x%x), so the first exception "
                         "became a triple fault.",
                         HEX(fault->idt_base), fault->idt_limit);
    if (page_fault && fault_in_idt(fault, then->cr2))
        return make_text("Its entry of the IDT, at %s, is not mapped, so it became a triple fault.",
                         HEX(then->cr2));
    if (page_fault && fault->sp - then->cr2 - 1 < 256)
        return make_text("Its handler could not be called: the stack at %s is not mapped.",
                         HEX(then->cr2));
    if (then && gate + fault_gate_size(fault) - 1 - fault->idt_base > fault->idt_limit)
        return make_text("The IDT ends before its entry (limit 0x%x).", fault->idt_limit);
    return then ? make_text("Its handler could not be called: IDT entry %u leads nowhere.",
                            fault->vector)
                : NULL;
}

/* ---- addresses in the wrong world (mistake 2) ---- */

/* Addresses of tables that are the kernel's virtual ones, or beyond all memory. Without a dump or a
 * kernel, 2 GiB is taken for more than the machine has. */
static bool looks_virtual(const struct patient *p, u64 address) {
    if (is_only_virtual(p, address))
        return true;
    bool outside = !p->memory->has_dump || address >= p->memory->dump.bytes.size;
    return !kernel_physical(p->kernel, address) && outside && address >= 2 * GIB;
}

/* Entries of 8 bytes lose the upper bits of a virtual address. */
static u64 sign_extended(const struct patient *p, u64 entry) {
    u64 address = align_down(entry, PAGE_SIZE);
    return address >> 47 && p->fault->efer & EFER_LMA ? address | ~(u64)0 << 48 : address;
}

static const char *subtraction(const struct patient *p, u64 virt) {
    u64 phys = physical_of(p, virt);
    if (phys == virt)
        return "the virtual address minus the kernel's offset";
    return make_text("%s (%s - %s)", HEX(phys), HEX(virt), HEX(virt - phys));
}

static const char *where_is(const struct patient *p, u64 address) {
    if (is_only_virtual(p, address))
        return make_text("%s, a virtual address (%s)", HEX(address),
                         kernel_name(p->kernel, address));
    if (!p->memory->has_dump)
        return make_text("%s, which looks like a virtual address", HEX(address));
    return make_text("%s, beyond the %s of memory", HEX(address),
                     size_name(p->memory->dump.bytes.size));
}

static struct diagnosis virtual_root(const struct patient *p) {
    u64 root = memory_root(p->fault);
    u64 virt = p->fault->wide ? p->fault->cr3 : root;
    if (!looks_virtual(p, virt))
        return unknown;
    return diagnose(make_text("CR3 holds %s. The processor takes it for a physical one, and finds "
                              "no tables there.",
                              where_is(p, virt)),
                    make_text("load CR3 with the physical address: %s", subtraction(p, virt)));
}

static struct diagnosis virtual_entry(const struct patient *p) {
    for (u32 i = 0; i < p->view.step_count; i++) {
        const struct view_step *step = &p->view.steps[i];
        u64 virt = sign_extended(p, step->entry);
        if (!(step->entry & ENTRY_PRESENT) || step->leaf || !looks_virtual(p, virt))
            continue;
        const char *name = level_name(&p->view, step);
        return diagnose(
            make_text("%s points to %s. Entries hold physical addresses.", name, where_is(p, virt)),
            make_text("put the table's physical address into the %s: %s",
                      p->view.format->levels[step->level].name, subtraction(p, virt)));
    }
    return unknown;
}

/* ---- bits of entries and control registers (mistakes 3 and 20) ---- */

static struct diagnosis large_without_pse(const struct patient *p) {
    const struct view *view = &p->view;
    if (!view->format || view->format != &paging_formats[PAGING_32] || !view->step_count)
        return unknown;
    const struct view_step *step = &view->steps[0];
    if (!(step->entry & ENTRY_PRESENT) || !(step->entry & ENTRY_LARGE))
        return unknown;
    return diagnose(make_text("%s is 0x%08llx: it has PS set (a 4 MiB page), but CR4.PSE is 0. The "
                              "processor ignores PS and takes the frame at %s for a page table.",
                              level_name(view, step), (unsigned long long)step->entry,
                              HEX(step->target)),
                    "set CR4.PSE before CR0.PG: mov eax, cr4; or eax, 0x10; mov cr4, eax");
}

/* PAE's root has no W and U bits, the root of long mode has. */
static struct diagnosis long_mode_missing(const struct patient *p) {
    const struct view *view = &p->view;
    if (view->format != &paging_formats[PAGING_PAE] || !view->step_count)
        return unknown;
    if (!(view->steps[0].reserved & (ENTRY_WRITE | ENTRY_USER)))
        return unknown;
    return diagnose(
        make_text("the tables are those of long mode (%s is 0x%llx), but EFER.LMA is 0: "
                  "EFER.LME was not set when paging came on, or this processor has no "
                  "long mode. So it took them for PAE's.",
                  level_name(view, &view->steps[0]), (unsigned long long)view->steps[0].entry),
        "test CPUID 0x80000001, EDX bit 29, and set EFER.LME before CR0.PG; in QEMU use "
        "a 64-bit processor (-cpu qemu64)");
}

static u32 lowest_bit(u64 bits) {
    u32 bit = 0;
    while (bit < 63 && !(bits >> bit & 1))
        bit++;
    return bit;
}

static struct diagnosis reserved_bit(const struct patient *p) {
    const struct view *view = &p->view;
    if (!(p->fault->code & PAGE_RESERVED) || p->fault->vector != VECTOR_PAGE)
        return unknown;
    const struct view_step *step = last_step(view);
    if (view->result != VIEW_RESERVED || !step)
        return diagnose(
            "an entry on the way has bits set that this processor reserves: address bits "
            "that it does not have, NX without EFER.NXE, or PS where no page can be.",
            "write entries as frame | flags, with nothing above the frame but NX");
    const char *name = level_name(view, step);
    if (step->reserved & ENTRY_NO_EXECUTE && view->format->has_nx)
        return diagnose(make_text("%s is 0x%016llx: bit 63 (NX) is set, which is reserved while "
                                  "EFER.NXE is 0.",
                                  name, (unsigned long long)step->entry),
                        "set EFER.NXE (bit 11 of MSR 0xc0000080) before using NX, if CPUID "
                        "0x80000001 has EDX bit 20");
    return diagnose(make_text("%s is 0x%llx: bit %u is reserved there.", name,
                              (unsigned long long)step->entry, lowest_bit(step->reserved)),
                    make_text("leave the bits 0x%llx clear in a %s",
                              (unsigned long long)step->reserved,
                              view->format->levels[step->level].name));
}

/* The first entry on the way without a bit, where its level has that bit. */
static const struct view_step *step_without(const struct view *view, u64 bit) {
    for (u32 i = 0; i < view->step_count; i++) {
        const struct view_step *step = &view->steps[i];
        u64 has =
            step->leaf ? ENTRY_WRITE | ENTRY_USER : view->format->levels[step->level].link_bits;
        if (has & bit && !(step->entry & bit))
            return step;
    }
    return NULL;
}

static const struct view_step *step_with_nx(const struct view *view) {
    for (u32 i = 0; i < view->step_count; i++)
        if (view->steps[i].entry & ENTRY_NO_EXECUTE)
            return &view->steps[i];
    return NULL;
}

static struct diagnosis write_forbidden(const struct patient *p) {
    const struct view_step *step = step_without(&p->view, ENTRY_WRITE);
    const struct segment *segment = kernel_virtual(p->kernel, p->fault->cr2);
    const char *where = segment ? kernel_name(p->kernel, p->fault->cr2) : NULL;
    if (segment && !(segment->rights & RIGHT_WRITE))
        return diagnose(make_text("%s is in PT_LOAD %u, which is not writable (p_flags), so its "
                                  "pages are read-only: %s has W=0.",
                                  where, segment->number, step ? last_name(&p->view) : "its entry"),
                        "move what is written to into .data or .bss, or find the wild pointer that "
                        "writes there");
    if (step && !step->leaf)
        return diagnose(make_text("the page itself may be written, but %s above it has W=0: the "
                                  "rights of all levels are and-ed.",
                                  level_name(&p->view, step)),
                        make_text("set W (bit 1) in every %s above a writable page; let the lowest "
                                  "entry decide",
                                  p->view.format->levels[step->level].name));
    return diagnose(make_text("%s has W=0, and CR0.WP makes that hold for the kernel too.",
                              step ? level_name(&p->view, step) : "an entry on the way"),
                    "set W (bit 1) in the entry and in all entries above it, if the page is to be "
                    "written");
}

static struct diagnosis user_forbidden(const struct patient *p) {
    const struct view_step *step = step_without(&p->view, ENTRY_USER);
    return diagnose(make_text("code of ring 3 touches a page of the kernel's: %s has U=0.",
                              step ? level_name(&p->view, step) : "an entry on the way"),
                    "set U (bit 2) in every entry above pages that user code may use");
}

static struct diagnosis fetch_forbidden(const struct patient *p) {
    const struct view_step *step = step_with_nx(&p->view);
    const struct segment *segment = kernel_virtual(p->kernel, p->fault->cr2);
    const char *name = step ? level_name(&p->view, step) : "an entry on the way";
    if (segment && !(segment->rights & RIGHT_EXECUTE))
        return diagnose(make_text("the jump went to %s, in PT_LOAD %u, which is not executable "
                                  "(p_flags): %s has NX set.",
                                  kernel_name(p->kernel, p->fault->cr2), segment->number, name),
                        "jump to code: check the pointer; code belongs into .text");
    return diagnose(
        make_text("%s has NX (bit 63) set, so nothing in this page is executed.", name),
        "clear bit 63 in the entries for code, at every level; or check the pointer that "
        "was jumped through");
}

static struct diagnosis forbidden(const struct patient *p) {
    u32 code = p->fault->code;
    if (is_absent(p) || code & PAGE_RESERVED)
        return unknown;
    if (code & PAGE_FETCH && !p->view.executable)
        return fetch_forbidden(p);
    if (code & PAGE_USER && !p->view.user)
        return user_forbidden(p);
    if (code & PAGE_WRITE)
        return write_forbidden(p);
    return doctor_is_fetch(p) ? fetch_forbidden(p) : unknown;
}

/* ---- code that is not where it is fetched (mistakes 1, 4, 14, 15) ---- */

/* The interrupt vectors lie at 0: what is jumped to there is no code, and dies within it. */
static struct diagnosis jump_to_zero(const struct patient *p) {
    if (p->fault->ip >= 0x400 || !(p->fault->cr0 & CR0_PE))
        return unknown;
    return diagnose(
        make_text("the processor jumped to address 0: the entry point returned (Aloft "
                  "leaves 0 as its return address), or a null function pointer was "
                  "called%s.",
                  p->fault->ip ? ", and bytes that are no code were executed from there" : ""),
        "end the entry point with a loop: for (;;) __asm__ volatile(\"cli; hlt\");");
}

static const char *absent_range(const struct patient *p) {
    u64 start = align_down(p->fault->cr2, p->view.page_size);
    return make_text("%s-%s", HEX(start), HEX(start + p->view.page_size - 1));
}

static struct diagnosis no_identity(const struct patient *p) {
    if (!p->before_known || !is_after_mov_cr0(p))
        return unknown;
    const char *how = p->view.result == VIEW_ABSENT
                          ? make_text("%s, which would map it, is not present", last_name(&p->view))
                      : p->view.result == VIEW_UNKNOWN
                          ? "the tables, which only a memory dump shows, do not map it"
                          : "the tables do not map it";
    return diagnose(make_text("there is no identity map where paging goes on: this is the "
                              "instruction behind mov cr0, the first that is fetched through the "
                              "page tables, and %s.",
                              how),
                    make_text("map %s to itself before CR0.PG is set, and keep that until the jump "
                              "to the virtual address",
                              absent_range(p)));
}

/* Without the code and the tables only the family of the mistake is known. */
static struct diagnosis lost_code(const struct patient *p) {
    if (p->before_known || p->kernel->given || p->fault->ip >= 2 * GIB)
        return unknown;
    return diagnose(
        make_text("nothing is mapped where the code runs: no identity map when CR0.PG "
                  "was set, or one that went too early, or tables that the processor "
                  "does not find (a virtual address in an entry%s).",
                  p->fault->cr4 & (CR4_PSE | CR4_PAE) ? "" : ", PS without CR4.PSE"),
        "ask again with the kernel and a memory dump, which tell these apart: aloft doctor "
        "--memory=FILE LOG KERNEL");
}

/* Where the higher half has the memory that is at `phys`; 0 if nowhere that is usual. */
static u64 alias_of(const struct patient *p, u64 phys) {
    static const u64 offsets[] = {0xc0000000, 0x80000000, 0xffffffff80000000, 0xffffffffc0000000,
                                  0xffff800000000000};
    u64 linked = virtual_of(p, phys);
    if (is_only_physical(p, phys))
        return linked;
    for (size_t i = 0; i < ARRAY_COUNT(offsets); i++) {
        struct view view = view_of(p, phys + offsets[i]);
        if (view.result == VIEW_MAPPED && view.phys == phys)
            return phys + offsets[i];
    }
    return 0;
}

static struct diagnosis stays_low(const struct patient *p) {
    u64 ip = p->fault->ip, high = alias_of(p, ip);
    if (!high || !p->before_known || is_after_mov_cr0(p))
        return unknown;
    const char *what =
        kernel_virtual(p->kernel, ip)
            ? "the code is linked low and still runs there, in the identity map, which "
              "is gone now"
            : make_text("%s is still the physical address of the code, which is %s at "
                        "%s: a relative jump (jmp label, call label) does not leave "
                        "the identity map, and that is gone now",
                        pointer_name(p), p->kernel->given ? "linked" : "mapped", HEX(high));
    return diagnose(make_text("%s.", what),
                    p->fault->wide ? "jump through a register before removing the identity map: "
                                     "movabs rax, label; jmp rax"
                                   : "jump through a register before removing the identity map: "
                                     "lea ecx, [label]; jmp ecx");
}

/* How far the kernel is mapped from its start on: whole pages, each looked at once. */
enum { PAGES_LOOKED_AT_MAX = 1 << 14 };

static u64 mapped_end(const struct patient *p, struct range span) {
    u64 at = span.start;
    for (u32 pages = 0; at - span.start < span.size && pages < PAGES_LOOKED_AT_MAX; pages++) {
        struct view view = view_of(p, at);
        if (view.result != VIEW_MAPPED)
            break;
        at = align_down(at, view.page_size) + view.page_size;
    }
    return at;
}

static struct diagnosis not_mapped_at_all(const struct patient *p, struct range span) {
    return diagnose(
        make_text("the tables do not map the kernel at %s, where it is linked: %s is not "
                  "present.",
                  HEX(span.start), last_name(&p->view)),
        make_text("map %s to physical %s, and on from there, %s in all", HEX(span.start),
                  HEX(physical_of(p, span.start)), size_name(span.size)));
}

static struct diagnosis outgrown(const struct patient *p) {
    u64 address = p->fault->cr2;
    struct range span = kernel_run(p->kernel, address);
    bool inside = kernel_virtual(p->kernel, address) != NULL;
    if (!span.size || address - span.start >= span.size + KERNEL_GAP ||
        p->view.result != VIEW_ABSENT)
        return unknown;
    u64 end = mapped_end(p, span), kernel_end = span.start + span.size;
    if (end == span.start)
        return inside ? not_mapped_at_all(p, span) : unknown;
    if (end > address)
        return unknown;
    const char *what =
        inside ? make_text("the kernel reaches from %s to %s", HEX(span.start), HEX(kernel_end))
               : make_text("the address lies behind the kernel, which ends at %s", HEX(kernel_end));
    return diagnose(
        make_text("the tables end too early: %s, but they map it only up to %s.", what, HEX(end)),
        make_text("map on from %s to %s, as far as the kernel%s reaches (from the "
                  "linker script's end symbol, rounded up)",
                  HEX(end), HEX(align_down(address, p->view.page_size) + p->view.page_size),
                  inside ? "" : " and what it allocates behind itself"));
}

static struct diagnosis wrong_entry(const struct patient *p) {
    u64 ip = p->fault->ip;
    if (!p->kernel->given || kernel_virtual(p->kernel, ip) || kernel_physical(p->kernel, ip))
        return unknown;
    struct range span = kernel_run(p->kernel, p->kernel->image.entry_virt);
    return diagnose(
        make_text("the jump went to %s, where no segment of the kernel is: it is linked "
                  "from %s to %s.",
                  HEX(ip), HEX(span.start), HEX(span.start + span.size)),
        make_text("jump to the address of a symbol (the entry is %s, %s); check the far "
                  "jump, the function pointer or the return address",
                  HEX(p->kernel->image.entry),
                  kernel_virtual(p->kernel, p->kernel->image.entry)
                      ? kernel_name(p->kernel, p->kernel->image.entry)
                      : "in no segment"));
}

static struct diagnosis fetch_absent(const struct patient *p) {
    struct diagnosis found = unknown;
    if (!doctor_is_fetch(p) || !is_absent(p))
        return unknown;
    if (!p->kernel->given || kernel_physical(p->kernel, p->fault->ip))
        found = no_identity(p);
    if (!found.why)
        found = lost_code(p);
    if (!found.why)
        found = stays_low(p);
    if (!found.why)
        found = outgrown(p);
    return found.why ? found : wrong_entry(p);
}

/* ---- data that is not there (mistakes 9, 10, 11, 13) ---- */

static struct diagnosis table_unmapped(const struct patient *p) {
    u64 address = p->fault->cr2;
    bool is_gdt = fault_in_gdt(p->fault, address);
    if (!is_absent(p) || p->fault->code & PAGE_USER ||
        (!is_gdt && !fault_in_idt(p->fault, address)))
        return unknown;
    const char *name = is_gdt ? "GDT" : "IDT";
    u64 base = is_gdt ? p->fault->gdt_base : p->fault->idt_base;
    if (!is_gdt && has_no_idt(p->fault))
        return unknown;
    return diagnose(make_text("this is entry 0x%llx of the %s: %sR holds %s, which the page tables "
                              "do not map%s.",
                              (unsigned long long)align_down(address - base, 8), name, name,
                              HEX(base),
                              base < MIB ? " (it is the boot loader's, below 1 MiB)" : ""),
                    make_text("have a%s %s of your own in the kernel and load %sR with its virtual "
                              "address before the identity map goes",
                              is_gdt ? "" : "n", name, name));
}

static struct diagnosis gate_unmapped(const struct patient *p) {
    const struct fault *then = p->then;
    if (!then || has_no_idt(p->fault) || p->fault->vector == VECTOR_PAGE)
        return unknown;
    if ((then->vector != VECTOR_PAGE && then->during != VECTOR_PAGE) ||
        !fault_in_idt(p->fault, then->cr2))
        return unknown;
    u64 base = p->fault->idt_base;
    const char *where = kernel_physical(p->kernel, base)
                            ? make_text("%s, a physical address (%s)", HEX(base),
                                        kernel_name(p->kernel, virtual_of(p, base)))
                            : HEX(base);
    return diagnose(make_text("IDTR holds %s. The page tables do not map it, so no exception or "
                              "interrupt finds its handler.",
                              where),
                    make_text("load IDTR with the IDT's virtual address%s",
                              is_only_physical(p, base)
                                  ? make_text(": %s", HEX(virtual_of(p, base)))
                                  : ", and keep that mapped"));
}

/* Pushes and calls write right below the stack pointer; locals lie above it. */
static bool is_stack_access(const struct patient *p) {
    u64 below = p->fault->sp - p->fault->cr2, above = 0 - below;
    return below <= 64 || (above < PAGE_SIZE && view_of(p, p->fault->sp).result == VIEW_ABSENT);
}

static struct diagnosis stack_overflow(const struct patient *p) {
    u64 page = align_down(p->fault->cr2, PAGE_SIZE), next = page + PAGE_SIZE;
    const char *name = kernel_name(p->kernel, p->fault->ip);
    enum view_result above = view_of(p, next).result;
    bool crossed = p->fault->sp >= next && p->fault->sp >= MIB && !is_only_physical(p, next);
    if (above != VIEW_MAPPED && (above != VIEW_UNKNOWN || !crossed))
        return unknown;
    return diagnose(make_text("the stack is full: %s has come down to %s, and the page below, at "
                              "%s, is not mapped (a guard page).",
                              stack_name(p), HEX(p->fault->sp), HEX(page)),
                    make_text("look for endless recursion%s or large local arrays; else use a "
                              "larger stack (Aloft: --stack=256K)",
                              name ? make_text(" at %s", name) : ""));
}

static struct diagnosis stack_unmapped(const struct patient *p) {
    u64 sp = p->fault->sp;
    if (is_only_physical(p, sp - 1)) {
        const char *virt = HEX(virtual_of(p, sp - 1) + 1);
        return diagnose(make_text("%s holds %s, the physical address of a stack that is linked at "
                                  "%s. It is not mapped any more.",
                                  stack_name(p), HEX(sp), virt),
                        make_text("set %s to the virtual address %s before the identity map goes",
                                  stack_name(p), virt));
    }
    if (sp < MIB)
        return diagnose(make_text("%s was never set: %s is the boot loader's stack below 1 MiB, "
                                  "which is not mapped any more.",
                                  stack_name(p), HEX(sp)),
                        make_text("set %s to the virtual top of a stack in .bss, before the first "
                                  "push or call",
                                  stack_name(p)));
    return diagnose(
        make_text("%s holds %s, where nothing is mapped.", stack_name(p), HEX(sp)),
        make_text("set %s to the top of mapped memory, as a virtual address", stack_name(p)));
}

static struct diagnosis stack_trouble(const struct patient *p) {
    if (!is_stack_access(p))
        return unknown;
    struct diagnosis found = stack_overflow(p);
    return found.why ? found : stack_unmapped(p);
}

static const char *offset_fix(const struct patient *p, const char *what, u64 phys) {
    u64 offset = kernel_offset(p->kernel);
    if (offset && is_mapped(p, phys + offset) && view_of(p, phys + offset).phys == phys)
        return make_text("use %s at %s (%s + %s), which is mapped", what, HEX(phys + offset),
                         HEX(phys), HEX(offset));
    return make_text("map %s, at %s or elsewhere, and use that address", what, HEX(phys));
}

/* Physical memory below 1 MiB that boot loaders and the BIOS fill. */
static struct diagnosis low_memory(const struct patient *p) {
    u64 address = p->fault->cr2;
    if (address >= MIB)
        return unknown;
    if (address < PAGE_SIZE)
        return diagnose(
            make_text("a null pointer: page 0 is not mapped, and %s is a small offset "
                      "from 0.",
                      HEX(address)),
            "check the pointer before it is used; the place is in the first lines above");
    if (address >= 0xa0000 && address < 0xc0000)
        return diagnose("this is the screen's memory, used at its physical address; the identity "
                        "map that had it is gone.",
                        offset_fix(p, "the screen", address));
    if (address >= 0xc0000)
        return diagnose(
            "this is the BIOS's memory (option ROMs, ACPI tables), used at its physical "
            "address, which is not mapped.",
            offset_fix(p, "it", address));
    return diagnose("this lies below 1 MiB, where the boot loader leaves the boot information, the "
                    "command line and its lists: they are physical addresses, and the identity map "
                    "that had them is gone.",
                    offset_fix(p, "the boot information", address));
}

/* Where PCs have their devices: QEMU's linear framebuffer is at 0xfd000000, the interrupt
 * controllers and the HPET from 0xfec00000 on (their default addresses). */
static struct diagnosis device_memory(const struct patient *p) {
    u64 address = p->fault->cr2;
    struct range span = kernel_run(p->kernel, address);
    bool near_kernel = address - span.start < span.size + KERNEL_GAP;
    if (address < 0xe0000000 || address >> 32 || near_kernel)
        return unknown;
    const char *what = address < 0xfec00000   ? "the framebuffer (0xfd000000 in QEMU) or another "
                                                "PCI device"
                       : address < 0xfed00000 ? "the I/O APIC"
                       : address < 0xfee00000 ? "the HPET"
                       : address < 0xfef00000 ? "the local APIC"
                                              : "the BIOS's flash memory";
    return diagnose(make_text("%s is the physical address of %s, which the page tables do not map.",
                              HEX(address), what),
                    make_text("map the device's pages, uncached (PCD and PWT), from %s on",
                              HEX(align_down(address, PAGE_SIZE))));
}

static struct diagnosis physical_pointer(const struct patient *p) {
    u64 address = p->fault->cr2, offset = kernel_offset(p->kernel);
    if (is_only_physical(p, address)) {
        u64 virt = virtual_of(p, address);
        return diagnose(
            make_text("a physical address is used as a pointer: %s was loaded there, but "
                      "is linked at %s.",
                      kernel_name(p->kernel, virt), HEX(virt)),
            make_text("add the kernel's offset to physical addresses before using them: "
                      "%s",
                      HEX(virt - address)));
    }
    if (!offset || !p->memory->has_dump || address >= p->memory->dump.bytes.size)
        return unknown;
    return diagnose("a physical address of RAM is used as a pointer (a module, a frame, a page "
                    "table?), and the identity map does not reach it.",
                    offset_fix(p, "the memory", address));
}

static struct diagnosis data_absent(const struct patient *p) {
    struct diagnosis found = unknown;
    if (doctor_is_fetch(p) || !is_absent(p))
        return unknown;
    found = table_unmapped(p);
    if (!found.why)
        found = stack_trouble(p);
    if (!found.why)
        found = low_memory(p);
    if (!found.why)
        found = physical_pointer(p);
    if (!found.why)
        found = outgrown(p);
    return found.why ? found : device_memory(p);
}

static struct diagnosis of_page_fault(const struct patient *p) {
    struct diagnosis found = virtual_root(p);
    if (!found.why)
        found = virtual_entry(p);
    if (!found.why)
        found = large_without_pse(p);
    if (!found.why)
        found = long_mode_missing(p);
    if (!found.why)
        found = reserved_bit(p);
    if (!found.why)
        found = forbidden(p);
    if (!found.why)
        found = fetch_absent(p);
    return found.why ? found : data_absent(p);
}

/* ---- instructions that the processor refuses ---- */

struct bit_name {
    u8 bit;
    const char *name;
};

/* SDM volume 3A, section 2.5; table 2-2 of volume 4 for EFER. */
static const struct bit_name cr4_bits[] = {
    {0, "VME"},   {1, "PVI"},   {2, "TSD"},   {3, "DE"},        {4, "PSE"},         {5, "PAE"},
    {6, "MCE"},   {7, "PGE"},   {8, "PCE"},   {9, "OSFXSR"},    {10, "OSXMMEXCPT"}, {11, "UMIP"},
    {12, "LA57"}, {13, "VMXE"}, {14, "SMXE"}, {16, "FSGSBASE"}, {17, "PCIDE"},      {18, "OSXSAVE"},
    {20, "SMEP"}, {21, "SMAP"}, {22, "PKE"},  {23, "CET"},      {24, "PKS"},
};
static const struct bit_name efer_bits[] = {
    {0, "SCE"}, {8, "LME"}, {10, "LMA"}, {11, "NXE"}, {12, "SVME"}, {14, "FFXSR"},
};

/* "LA57 (bit 12), SMEP (bit 20)" */
static const char *bit_list(u64 bits, const struct bit_name *names, size_t count) {
    char buffer[256];
    struct text text = TEXT_IN(buffer);
    for (u8 bit = 0; bit < 64; bit++) {
        if (!(bits >> bit & 1))
            continue;
        text_string(&text, text.used ? ", " : "");
        for (size_t i = 0; i < count; i++)
            if (names[i].bit == bit)
                text_string(&text, names[i].name);
        text_string(&text, " (bit ");
        text_decimal(&text, bit);
        text_char(&text, ')');
    }
    return make_text("%s", buffer);
}

/* Prefixes that change nothing about which instruction it is, REX apart. */
static u32 skip_prefixes(const struct patient *p, u8 *rex) {
    u32 at = 0;
    for (*rex = 0; at < p->code_count; at++) {
        u8 byte = p->code[at];
        bool is_rex = p->fault->wide && (byte & 0xf0) == 0x40;
        if (!is_rex && byte != 0x66 && byte != 0xf2 && byte != 0xf3 && byte != 0x2e && byte != 0x3e)
            break;
        *rex = is_rex ? byte : *rex;
    }
    return at;
}

static u8 code_at(const struct patient *p, u32 at) {
    return at < p->code_count ? p->code[at] : 0x90;
}

static struct diagnosis refused_cr4(const struct patient *p, u64 value) {
    u64 set = value & ~p->fault->cr4;
    if (p->fault->efer & EFER_LMA && (value ^ p->fault->cr4) & CR4_LA57)
        return diagnose(make_text("mov cr4 of 0x%llx over 0x%llx changes LA57 (bit 12), which the "
                                  "processor refuses in long mode.",
                                  (unsigned long long)value, (unsigned long long)p->fault->cr4),
                        "choose 5-level paging before long mode is entered (Aloft: "
                        "--paging=5level), on a processor that has it");
    return diagnose(make_text("mov cr4 of 0x%llx over 0x%llx sets %s: a bit that this processor "
                              "does not have, or cannot set now.",
                              (unsigned long long)value, (unsigned long long)p->fault->cr4,
                              bit_list(set, cr4_bits, ARRAY_COUNT(cr4_bits))),
                    "test CPUID before setting a bit of CR4, or choose a processor that has it (in "
                    "QEMU: -cpu max)");
}

static struct diagnosis refused_cr0(const struct patient *p, u64 value) {
    bool long_without_pae =
        value & CR0_PG && p->fault->efer & EFER_LME && !(p->fault->cr4 & CR4_PAE);
    if (long_without_pae)
        return diagnose("mov cr0 turns paging on with EFER.LME set but CR4.PAE clear: long mode "
                        "needs PAE.",
                        "set CR4.PAE (bit 5) before CR0.PG");
    return diagnose(make_text("mov cr0 of 0x%llx is refused: PG needs PE, and NW needs CD.",
                              (unsigned long long)value),
                    "set CR0.PG as: mov eax, cr0; or eax, 0x80000000; mov cr0, eax");
}

static struct diagnosis refused_cr3(const struct patient *p, u64 value) {
    if (p->fault->efer & EFER_LMA)
        return diagnose(
            make_text("mov cr3 of 0x%llx: bits above the processor's physical addresses "
                      "are set. It is a virtual address.",
                      (unsigned long long)value),
            make_text("load CR3 with the physical address: %s", subtraction(p, value)));
    return diagnose(make_text("mov cr3 of 0x%llx: a root entry of PAE there has reserved bits set "
                              "(W, U or above).",
                              (unsigned long long)value),
                    "write the four root entries of PAE as address | 1");
}

static struct diagnosis refused_msr(const struct patient *p) {
    const u64 *registers = p->fault->registers;
    u64 number = registers[1] & 0xffffffff;
    u64 value = registers[2] << 32 | (registers[0] & 0xffffffff);
    if (number != 0xc0000080)
        return diagnose(make_text("this processor has no MSR 0x%llx, or refuses the value 0x%llx.",
                                  (unsigned long long)number, (unsigned long long)value),
                        "test CPUID for the feature before using its MSR");
    return diagnose(
        make_text("wrmsr to EFER sets %s: a bit that this processor does not have, or "
                  "cannot change now.",
                  bit_list(value & ~p->fault->efer, efer_bits, ARRAY_COUNT(efer_bits))),
        "test CPUID 0x80000001 (EDX bit 29: long mode, bit 20: NX) before setting LME or "
        "NXE; in QEMU use -cpu qemu64");
}

static bool is_privileged(u8 first, u8 second) {
    if (first == 0x0f)
        return (second >= 0x20 && second <= 0x23) || second <= 0x01 || second == 0x06 ||
               second == 0x08 || second == 0x09 || second == 0x30 || second == 0x32;
    return first == 0xf4 || first == 0xfa || first == 0xfb || (first >= 0xe4 && first <= 0xe7) ||
           (first >= 0xec && first <= 0xef) || (first >= 0x6c && first <= 0x6f);
}

static struct diagnosis refused_instruction(const struct patient *p) {
    u8 rex;
    u32 at = skip_prefixes(p, &rex);
    u8 first = code_at(p, at), second = code_at(p, at + 1), modrm = code_at(p, at + 2);
    if (p->fault->cpl == 3 && is_privileged(first, second))
        return diagnose("code of ring 3 executes an instruction that only the kernel may.",
                        "leave that to the kernel, by a system call; or run this code in ring 0");
    if (first != 0x0f || p->fault->code)
        return unknown;
    if (second == 0x30 || second == 0x32)
        return refused_msr(p);
    u64 value = p->fault->registers[(modrm & 7) | (rex & 1) << 3];
    if (second != 0x22)
        return unknown;
    switch (modrm >> 3 & 7) {
    case 0: return refused_cr0(p, value);
    case 3: return refused_cr3(p, value);
    case 4: return refused_cr4(p, value);
    default: return unknown;
    }
}

static struct diagnosis bad_selector(const struct patient *p) {
    u32 code = p->fault->code, selector = code & ~7u;
    u8 bytes[8];
    if (!code || code & (CODE_IDT | 4))
        return unknown;
    if (selector + 7 > p->fault->gdt_limit)
        return diagnose(make_text("the GDT has no entry 0x%x: GDTR holds %s, limit 0x%x.", selector,
                                  HEX(p->fault->gdt_base), p->fault->gdt_limit),
                        "load GDTR with the address of your own GDT (its limit is size - 1) before "
                        "using its selectors");
    if (memory_read_virtual(p->memory, p->fault, p->fault->gdt_base + selector, bytes, 8) < 8)
        return unknown;
    return diagnose(
        make_text("entry 0x%x of the GDT at %s is 0x%016llx, which is not what this "
                  "segment register or jump needs.",
                  selector, HEX(p->fault->gdt_base), (unsigned long long)load64(bytes)),
        "use 0x00cf9a000000ffff for 32-bit code, 0x00af9a000000ffff for 64-bit code and "
        "0x00cf92000000ffff for data, and check GDTR's base");
}

/* Opcodes behind 0x0f that need CR4.OSFXSR (SDM volume 2, table A-3; 0x50 to 0x7f hold MMX's too,
 * which the prefixes 0x66 and 0xf3 turn into SSE2's). */
static bool is_sse(const struct patient *p, u32 at) {
    bool prefixed = at > 0 && (p->code[0] == 0x66 || p->code[0] == 0xf2 || p->code[0] == 0xf3);
    u8 second = code_at(p, at + 1);
    if (code_at(p, at) != 0x0f)
        return false;
    return (second >= 0x10 && second <= 0x17) || (second >= 0x28 && second <= 0x2f) ||
           (second >= 0x50 && second <= 0x5f) || second == 0xc2 || second == 0xc6 ||
           (prefixed && ((second >= 0x60 && second <= 0x7f) || second >= 0xd0));
}

enum { CR4_OSFXSR = 1 << 9, CR4_OSXSAVE = 1 << 18, CR0_EM = 1 << 2, CR0_TS = 1 << 3 };

static struct diagnosis sse_off(const struct patient *p) {
    u8 rex;
    u32 at = skip_prefixes(p, &rex);
    bool is_vex = (code_at(p, at) & 0xfe) == 0xc4 && p->fault->wide;
    if (is_vex && !(p->fault->cr4 & CR4_OSXSAVE))
        return diagnose("this is an AVX instruction, and CR4.OSXSAVE is 0.",
                        "compile the kernel with -mgeneral-regs-only, or set CR4.OSXSAVE and XCR0 "
                        "first");
    if (!is_sse(p, at) || (p->fault->cr4 & CR4_OSFXSR && !(p->fault->cr0 & CR0_EM)))
        return unknown;
    return diagnose(make_text("this is an SSE instruction, and %s.",
                              p->fault->cr4 & CR4_OSFXSR ? "CR0.EM is 1" : "CR4.OSFXSR is 0"),
                    "compile the kernel with -mgeneral-regs-only; or set CR4.OSFXSR and OSXMMEXCPT "
                    "(0x600), and clear CR0.EM, before the first SSE instruction");
}

static struct diagnosis of_opcode(const struct patient *p) {
    struct diagnosis found = sse_off(p);
    if (found.why)
        return found;
    if (code_at(p, 0) == 0x0f && code_at(p, 1) == 0x0b)
        return diagnose("this is ud2: the compiler puts it where execution must not come (after a "
                        "noreturn call, __builtin_trap(), undefined behaviour).",
                        "look at the lines before it in the source; a panic() that returns, or a "
                        "function without return, ends there");
    return wrong_entry(p);
}

static struct diagnosis of_no_fpu(const struct patient *p) {
    if (!(p->fault->cr0 & (CR0_EM | CR0_TS)))
        return unknown;
    return diagnose(
        make_text("this is an x87 or SSE instruction, and CR0.%s is 1.",
                  p->fault->cr0 & CR0_EM ? "EM" : "TS"),
        "compile the kernel with -mgeneral-regs-only, or clear CR0.EM and CR0.TS first");
}

/* ---- exceptions and interrupts that come by right, with no IDT to take them ---- */

static struct diagnosis early_interrupt(const struct patient *p) {
    u32 vector = p->fault->vector;
    if (!p->fault->hardware)
        return unknown;
    return diagnose(make_text("interrupts are on (IF=1), but %s.%s",
                              has_no_idt(p->fault) ? "there is no IDT yet"
                                                   : "the IDT has no handler for this one",
                              vector >= 8 && vector < 16
                                  ? make_text(" Vector 0x%02x is IRQ %u where the BIOS left it, on "
                                              "top of the exceptions.",
                                              vector, vector - 8)
                                  : ""),
                    "keep interrupts off (cli) until the IDT is loaded and the interrupt "
                    "controllers are set to vectors from 32 up");
}

static struct diagnosis no_idt(const struct patient *p) {
    const struct fault *fault = p->fault;
    bool by_right = fault->software || fault->vector <= 5;
    u64 end = (u64)(fault->vector + 1) * fault_gate_size(fault) - 1;
    if (!by_right || (!has_no_idt(fault) && end <= fault->idt_limit))
        return unknown;
    return diagnose(
        make_text("there is no handler for it: %s.",
                  has_no_idt(fault) ? "no IDT is loaded"
                                    : make_text("the IDT ends at limit 0x%x", fault->idt_limit)),
        make_text("load an IDT with a handler for vector %u before that%s", fault->vector,
                  fault->vector == VECTOR_DIVIDE && !fault->software ? ", and check the divisor"
                                                                     : ""));
}

struct diagnosis doctor_diagnose(const struct patient *p) {
    const struct fault *fault = p->fault;
    bool own = !fault->software && !fault->hardware;
    struct diagnosis found = gate_unmapped(p);
    if (!found.why && own)
        found = jump_to_zero(p);
    if (!found.why && own && fault->vector == VECTOR_PAGE)
        found = of_page_fault(p);
    if (!found.why && own && fault->vector == VECTOR_PROTECTION)
        found = refused_instruction(p);
    if (!found.why && own && fault->vector >= VECTOR_TSS && fault->vector <= VECTOR_PROTECTION)
        found = bad_selector(p);
    if (!found.why && own && fault->vector == VECTOR_OPCODE)
        found = of_opcode(p);
    if (!found.why && own && fault->vector == VECTOR_NO_FPU)
        found = of_no_fpu(p);
    if (!found.why)
        found = early_interrupt(p);
    return found.why ? found : no_idt(p);
}

/* ---- what is known ---- */

/* Tables from the kernel's file are as they were loaded, not as they were at the end. */
static struct view view_for(const struct memory *memory, const struct fault *fault) {
    u64 address = fault->vector == VECTOR_PAGE ? fault->cr2 : fault->ip;
    struct view view = memory_view(memory, fault, address);
    bool absent = fault->vector == VECTOR_PAGE && !(fault->code & PAGE_PRESENT);
    if (!memory->has_dump && absent && view.result == VIEW_MAPPED) {
        view.result = VIEW_UNKNOWN;
        view.step_count = 0;
    }
    return view;
}

struct patient doctor_patient(struct story story, const struct memory *memory) {
    const struct fault *fault = story.first;
    struct patient patient = {.fault = fault,
                              .then = story.then,
                              .memory = memory,
                              .kernel = memory->kernel,
                              .view = view_for(memory, fault)};
    patient.code_count =
        (u32)memory_read_virtual(memory, fault, fault->ip, patient.code, CODE_BYTES);
    patient.before_known =
        fault->ip >= CODE_BEFORE && memory_read_virtual(memory, fault, fault->ip - CODE_BEFORE,
                                                        patient.before, CODE_BEFORE) == CODE_BEFORE;
    return patient;
}
