/* A QEMU plugin that counts what a boot loader executes: from 0000:7c00 to the kernel's first
 * instruction, which is the marker below.
 *
 *   loader      instructions outside the firmware, without string instructions with a prefix (REP)
 *   rep         iterations of those
 *   firmware    instructions of the BIOS, VGA BIOS and option ROMs, likewise without REP
 *   blocks      of those instructions, as QEMU translated them: each costs it a while
 *   int13       calls of SeaBIOS's disk service; int10, of its video service
 *
 * With the argument `counts=off` only the two ends are looked at, so that the time between them is
 * that of QEMU without a plugin. At the end one line of JSON goes to the file given by `to=`, and
 * to `profile=`, if given, the count of each address below 1 MiB.
 *
 * QEMU's own header for plugins is not part of Debian's packages; what is used of version 1 of the
 * interface (QEMU 4.2 to 8.x, docs/devel/tcg-plugins.rst there) is declared here. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void on_translation(uint64_t id, struct qemu_plugin_tb *tb);
typedef void on_execution(unsigned vcpu, void *data);
enum { QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_INLINE_ADD_U64 = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, on_translation *callback);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, on_execution *callback,
                                            int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op,
                                                void *counter, uint64_t value);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;
__attribute__((visibility("default"))) int qemu_plugin_install(uint64_t id, const void *info,
                                                               int count, char **arguments);

enum {
    BOOT_SECTOR = 0x7c00,
    FIRMWARE_START = 0xa0000,
    FIRMWARE_END = 0x100000,
    INT13 = 0xfe3fe, /* where the IBM PC's BIOS had its disk service, and SeaBIOS has */
};
#define FIRMWARE_HIGH 0xfffc0000u

/* nop dword [eax + "aLof"], what the kernels of the bench begin with */
static const uint8_t marker[] = {0x0f, 0x1f, 0x80, 'a', 'L', 'o', 'f'};

static struct {
    bool counts, began;
    const char *to;
    struct timespec start;
    uint64_t loader, rep, firmware, int13, at_start[4], blocks;
    const char *profile;
    uint64_t each[FIRMWARE_END];
} state;

static void begin(unsigned vcpu, void *data) {
    (void)vcpu, (void)data;
    if (state.began)
        return;
    state.began = true;
    const uint64_t now[] = {state.loader, state.rep, state.firmware, state.int13};
    memcpy(state.at_start, now, sizeof now);
    memset(state.each, 0, sizeof state.each);
    clock_gettime(CLOCK_MONOTONIC, &state.start);
}

static void write_profile(void) {
    FILE *file = state.profile ? fopen(state.profile, "w") : NULL;
    if (!file)
        return;
    for (uint32_t at = 0; at < FIRMWARE_END; at++)
        if (state.each[at])
            fprintf(file, "%05x %" PRIu64 "\n", at, state.each[at]);
    fclose(file);
}

static void end(unsigned vcpu, void *data) {
    struct timespec now;
    (void)vcpu, (void)data;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!state.began)
        return;
    write_profile(); /* first: whoever waits for the counts takes it for complete then */
    FILE *file = fopen(state.to, "w");
    if (!file)
        return;
    fprintf(file, "{\"seconds\": %.6f",
            (double)(now.tv_sec - state.start.tv_sec) +
                (double)(now.tv_nsec - state.start.tv_nsec) / 1e9);
    if (state.counts)
        fprintf(file,
                ", \"loader\": %" PRIu64 ", \"rep\": %" PRIu64 ", \"firmware\": %" PRIu64
                ", \"int13\": %" PRIu64 ", \"blocks\": %" PRIu64,
                state.loader - state.at_start[0], state.rep - state.at_start[1],
                state.firmware - state.at_start[2], state.int13 - state.at_start[3],
                state.blocks);
    fprintf(file, "}\n");
    fclose(file);
    state.began = false; /* once */
}

static bool has_rep(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size && i < 4; i++) {
        if (bytes[i] == 0xf2 || bytes[i] == 0xf3)
            return true;
        if (bytes[i] != 0x66 && bytes[i] != 0x67 && bytes[i] != 0x26 && bytes[i] != 0x2e)
            return false;
    }
    return false;
}

static bool is_firmware(uint64_t at) {
    return (at >= FIRMWARE_START && at < FIRMWARE_END) || (at >= FIRMWARE_HIGH && at <= UINT32_MAX);
}

static void count(struct qemu_plugin_insn *insn, uint64_t *counter) {
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, counter, 1);
}

static void look_at(struct qemu_plugin_insn *insn) {
    uint64_t at = qemu_plugin_insn_vaddr(insn);
    const uint8_t *bytes = qemu_plugin_insn_data(insn);
    size_t size = qemu_plugin_insn_size(insn);
    if (at == BOOT_SECTOR)
        qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, QEMU_PLUGIN_CB_NO_REGS, NULL);
    if (size == sizeof marker && !memcmp(bytes, marker, sizeof marker))
        qemu_plugin_register_vcpu_insn_exec_cb(insn, end, QEMU_PLUGIN_CB_NO_REGS, NULL);
    if (!state.counts)
        return;
    if (at == INT13)
        count(insn, &state.int13);
    if (!is_firmware(at))
        count(insn, has_rep(bytes, size) ? &state.rep : &state.loader);
    else if (!has_rep(bytes, size))
        count(insn, &state.firmware);
    if (state.profile && at < FIRMWARE_END)
        count(insn, &state.each[at]);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb) {
    (void)id;
    if (state.began && !is_firmware(qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0))))
        state.blocks++;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
        look_at(qemu_plugin_tb_get_insn(tb, i));
}

int qemu_plugin_install(uint64_t id, const void *info, int count_of, char **arguments) {
    (void)info;
    state.counts = true;
    for (int i = 0; i < count_of; i++) {
        if (!strcmp(arguments[i], "counts=off"))
            state.counts = false;
        if (!strncmp(arguments[i], "to=", 3))
            state.to = arguments[i] + 3;
        if (!strncmp(arguments[i], "profile=", 8))
            state.profile = arguments[i] + 8;
    }
    if (!state.to)
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
