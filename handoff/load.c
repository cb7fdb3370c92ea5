#include "load.h"

struct error load_file(const struct load *load, const struct source *file, const struct ram *ram) {
    u64 size = load->late ? load->file_size : load->memory_size;
    if (!size)
        return OK;
    u8 *to = ram_at(ram, load->staged, size);
    if (!to)
        return error_make(ERROR_PLAN_MEMORY, .name = file->name,
                          .number = {size, ram->start + ram->size, 0});
    TRY(source_read(file, load->offset, to, (size_t)load->file_size));
    if (!load->late)
        memset(to + load->file_size, 0, (size_t)(load->memory_size - load->file_size));
    return OK;
}
