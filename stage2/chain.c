#include "chain.h"

#include "bios.h"
#include "bytes.h"
#include "verify.h"

enum {
    SECTOR_SIZE = 512,
    BOOT_SECTOR = 0x7c00,
    SIGNATURE = 510,
    TABLE = 0x1be, /* in the master boot record */
    TABLE_SIZE = 64,
    TABLE_COPY = 0x7be,
};

static u8 *low(u32 address) {
    return (u8 *)(uintptr_t)bda(address);
}

struct error chain(const struct volumes *volumes, const struct boot_request *request) {
    const struct partition *partition = volumes_partition(volumes, &request->kernel.device);
    u32 number = partition->number, entry = TABLE_COPY + 16 * (number - 1);
    struct bios_registers registers = {.edx = volumes->machine->drive.bios_number};
    TRY(source_read(volumes->disk, TABLE, low(TABLE_COPY), TABLE_SIZE));
    TRY(source_read(volumes->disk, partition->start, low(BOOT_SECTOR), SECTOR_SIZE));
    TRY(verify_bytes(request->kernel.path, request->kernel.hash,
                     (struct bytes){low(BOOT_SECTOR), SECTOR_SIZE}));
    if (load16(low(BOOT_SECTOR + SIGNATURE)) != 0xaa55 && !(request->flags & REQUEST_FORCE))
        return error_make(ERROR_CHAIN_SIGNATURE, .number = {number});
    if (number - 1 < 4)
        registers.esi = registers.ebp = entry;
    bios_call(BIOS_CHAIN, &registers);
    for (;;) /* it came back, to what it may have overwritten */
        bios_call(BIOS_IDLE, &registers);
}
