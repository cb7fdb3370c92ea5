#include "verify.h"

static struct error compare(const char *name, const char *digits, const u8 *digest, bool again) {
    if (!again && config_hash_is(digits, digest))
        return OK;
    return error_make(ERROR_HASH_WRONG, .name = name, .number = {sha512_first(digest)});
}

struct error verify_bytes(const char *name, const char *digits, struct bytes bytes) {
    u8 digest[SHA512_SIZE];
    if (!digits)
        return OK;
    sha512(bytes, digest);
    return compare(name, digits, digest, false);
}

/* Among what every plan claims. */
struct error verify_hold(const struct machine *machine, u64 size, struct range *held) {
    u64 largest;
    struct claims claims = {.count = 0};
    TRY(claims_add(&claims,
                   (struct claim){LOADER_START, LOADER_END - LOADER_START, CLAIM_LOADER, 0}));
    struct memory_wish wish = {
        .size = align_up(max_u64(size, 1), PAGE_SIZE), .above = MIB, .below = 4 * GIB};
    if (!memory_find(&machine->memory, &claims, wish, &held->start, &largest))
        return error_make(ERROR_PLAN_MEMORY, .name = "the kernel's file, to check its hash",
                          .number = {wish.size, wish.below, largest});
    held->size = wish.size;
    return OK;
}

static struct error read_watched(void *context, u64 offset, void *to, size_t size) {
    const struct watched_file *file = context;
    struct verifier *verifier = file->verifier;
    TRY(source_read(&file->data, offset, to, size));
    if (verifier->file != file)
        return OK;
    verifier->again |= offset != verifier->position;
    verifier->position = offset + size;
    sha512_add(&verifier->hash, to, size);
    return OK;
}

void verify_watch(struct watched_file *file, struct verifier *verifier, struct source *data) {
    *file = (struct watched_file){*data, verifier};
    *data = (struct source){
        .read = read_watched, .context = file, .size = data->size, .name = file->data.name};
}

void verify_begin(struct watched_file *file) {
    struct verifier *verifier = file->verifier;
    verifier->file = file;
    verifier->position = 0;
    verifier->again = false;
    sha512_begin(&verifier->hash);
}

struct error verify_end(struct watched_file *file, const char *digits) {
    struct verifier *verifier = file->verifier;
    u8 piece[512], digest[SHA512_SIZE];
    while (verifier->position < file->data.size) {
        u64 left = file->data.size - verifier->position;
        size_t size = left < sizeof piece ? (size_t)left : sizeof piece;
        TRY(read_watched(file, verifier->position, piece, size));
    }
    verifier->file = NULL;
    sha512_end(&verifier->hash, digest);
    return compare(file->data.name, digits, digest, verifier->again);
}
