#include "enter.h"

extern const u8 trampoline[], trampoline_end[];
NO_RETURN void trampoline_enter(void *page);

void enter(const struct cpu_entry *entry, u64 page_phys) {
    u8 *page = (u8 *)(uintptr_t)page_phys;
    memcpy(page, trampoline, (size_t)(trampoline_end - trampoline));
    memcpy(page + TRAMPOLINE_ENTRY, entry, sizeof *entry);
    trampoline_enter(page);
}
