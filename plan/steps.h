/* The steps of plan_make(), between its files: physical.c gives out physical memory, layout.c gives
 * out virtual addresses. Nobody else includes this. */
#ifndef PLAN_STEPS_H
#define PLAN_STEPS_H

#include "plan.h"

#define FOUR_GIB (4 * GIB)

enum {
    LOW_MEMORY_END = 0x100000,
    VIDEO_START = 0xa0000, /* the VGA window: memory of a device, never cached */
    VIDEO_END = 0xc0000,
};

/* A map of physical memory that starts at physical 0: the direct map and the identity map. */
struct linear_map {
    u64 virt; /* of physical 0 */
    u64 end;  /* physical addresses below are mapped; 0 for no map */
    u32 owner;
    u32 attributes; /* of all of it */
};

/* Where the maps will be, before physical memory is given out. */
struct layout {
    struct linear_map direct, identity;
    u64 reach; /* physical memory below this is seen through one of the two */
};

/* Linked high without AT(): the linker then makes p_paddr the same as p_vaddr. */
bool lacks_at(const struct segment *segment);
MUST_USE struct error no_at(const struct image *image, const struct segment *segment);

/* Claims the BIOS's data, the loader and every segment. Errors: PLAN_NO_RAM and the like. */
MUST_USE struct error physical_kernel(const struct plan_request *request, struct plan *plan);

/* Finds a place below `below` and claims it, whole pages. ERROR_PLAN_MEMORY. */
MUST_USE struct error physical_place(const struct machine *machine, struct plan *plan,
                                     const char *name, u64 size, u64 below, struct claim claim,
                                     u64 *phys);

/* Bytes in whole pages, one at least: even an empty module has a place. */
u64 physical_pages(u64 size);

/* Places for modules, and for the block of stack, information and trampoline. */
MUST_USE struct error physical_modules(const struct plan_request *request, struct plan *plan,
                                       u64 below);
MUST_USE struct error physical_handoff(const struct machine *machine, struct plan *plan);

/* Places for modules, symbols, stack and information where kernels that know GRUB look for them:
 * instead of the two above. */
MUST_USE struct error physical_low(const struct plan_request *request, struct plan *plan);

/* Adds a load of a run of a file, zero up to the end of its last page. PLAN_TOO_MANY. */
MUST_USE struct error physical_load_file(struct plan *plan, struct load load);

/* The loads of the kernel's segments: in up to three parts where the loader is in the way. */
MUST_USE struct error physical_loads(const struct machine *machine, struct plan *plan);

/* Lays the kernel and keeps addresses for recursive slot, handoff window and temporary window;
 * decides where the linear maps are. */
MUST_USE struct error layout_begin(const struct plan_request *request, struct plan *plan,
                                   struct layout *layout);

/* Lays all the other rows, and places the tables. */
MUST_USE struct error layout_finish(const struct plan_request *request, struct plan *plan,
                                    const struct layout *layout);

#endif
