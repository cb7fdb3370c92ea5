#include "timing.h"

#include "x86.h"

/* CPUID leaf 1 tells of RDTSC (SDM volume 3B, 18.17). */
void timing_begin(struct timing *timing) {
    timing->has_counter = flag_can_change(EFLAGS_ID) && cpuid(1).edx & CPUID_TSC;
    if (timing->has_counter)
        timing->last = timing->spent.start = read_tsc();
}

void timing_lap(struct timing *timing, uint64_t *part) {
    if (!timing->has_counter)
        return;
    u64 now = read_tsc();
    *part += now - timing->last;
    timing->last = now;
    timing->spent.total = now - timing->spent.start;
}
