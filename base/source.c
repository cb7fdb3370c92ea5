#include "source.h"

static bool within(const struct source *source, u64 offset, u64 size) {
    return offset <= source->size && size <= source->size - offset;
}

static struct error past_end(const struct source *source, u64 offset, u64 size) {
    return error_make(ERROR_SOURCE_PAST_END, .name = source->name,
                      .number = {offset, size, source->size});
}

struct error source_read(const struct source *source, u64 offset, void *to, size_t size) {
    if (!within(source, offset, size))
        return past_end(source, offset, size);
    return size ? source->read(source->context, source->start + offset, to, size) : OK;
}

struct error source_read_for(const struct source *volume, const char *name, u64 offset, void *to,
                             size_t size) {
    if (within(volume, offset, size))
        return source_read(volume, offset, to, size);
    return error_make(ERROR_VOLUME_PAST_END, .name = name, .number = {offset, volume->size});
}

struct error source_slice(const struct source *source, u64 offset, u64 size, struct source *slice) {
    bool fits = within(source, offset, size);
    *slice = *source;
    slice->start = source->start + offset;
    slice->size = fits ? size : 0;
    return fits ? OK : past_end(source, offset, size);
}

static struct error read_memory(void *context, u64 offset, void *to, size_t size) {
    const struct bytes *bytes = context;
    memcpy(to, bytes->at + offset, size);
    return OK;
}

struct source source_memory(const struct bytes *bytes, const char *name) {
    return (struct source){.read = read_memory,
                           .context = (void *)(uintptr_t)bytes,
                           .size = bytes->size,
                           .name = name};
}
