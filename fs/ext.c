#include "ext.h"
#include "range.h"

/* Names of fields in the comments are those of the kernel's documentation. */
enum {
    SUPERBLOCK_START = 1024,
    SUPERBLOCK_SIZE = 0x254, /* of its 1024 bytes, those that are looked at */
    MAGIC = 0xef53,
    BLOCK_SHIFT_MIN = 10,
    BLOCK_SHIFT_MAX = 16,
    INODE_SIZE_OLD = 128,
    DESCRIPTOR_SIZE_OLD = 32,
    DESCRIPTOR_TABLE_HIGH = 0x28,
    DESCRIPTOR_ROOM =
        DESCRIPTOR_TABLE_HIGH + 4, /* of a descriptor of 64 bytes, what is looked at */
    ROOT_INODE = 2,

    COMPAT_SPARSE_SUPER2 = 0x200,
    RO_COMPAT_SPARSE_SUPER = 0x1,
    INCOMPAT_META_BG = 0x10,
    INCOMPAT_64BIT = 0x80,
    /* filetype, recover, meta_bg, extents, 64bit, mmp, flex_bg, ea_inode, csum_seed, largedir,
     * inline_data, encrypt, casefold: known, or of no concern to a reader */
    INCOMPAT_KNOWN = 0x3e7d6,

    KIND_MASK = 0xf000,
    KIND_DIRECTORY = 0x4000,
    KIND_FILE = 0x8000,
    KIND_LINK = 0xa000,
    FLAG_ENCRYPTED = 0x800,
    FLAG_EXTENTS = 0x80000,
    FLAG_INLINE = 0x10000000,

    DIRECT_POINTERS = 12,
    POINTERS_AT_ONCE = 64,

    EXTENT_SIZE = 12, /* of an extent, an index and a header alike */
    EXTENT_MAGIC = 0xf30a,
    EXTENT_DEPTH_MAX = 5,
    EXTENT_LENGTH_MAX = 0x8000, /* a longer one is as much shorter, and was never written */

    ATTRIBUTE_SIZE = 16, /* of an entry of extended attributes, before its name */
    ATTRIBUTE_SYSTEM = 7,

    ENTRY_SIZE = 8, /* of a directory entry, before its name */
    ENTRY_SIZE_MIN = 12,
    NAME_MAX = 255,
    DIRECTORY_SIZE_MAX = 4 << 20,

    LINKS_MAX = 8,
    PATH_ROOM = 1024, /* for a path with the targets of links in it */
};

static struct error bad_field(const struct source *volume, const char *field, u64 value) {
    return error_make(ERROR_EXT_FIELD, .name = volume->name, .other = field, .number = {value});
}

/* Errors about a file are made at one place, for their code is long. */
static NO_INLINE struct error fail(const struct ext_file *file, enum error_code code,
                                   const char *other, u32 first, u64 second, u32 third) {
    return error_make(code, .name = file->name, .other = other, .number = {first, second, third});
}

static bool is_power_of_two(u32 value) {
    return value && !(value & (value - 1));
}

/* The superblock --------------------------------------------------------------------------- */

static struct error check_features(const struct source *volume, u32 features) {
    u32 unknown = features & ~(u32)INCOMPAT_KNOWN;
    const char *name = "a feature without a name";
    if (!unknown)
        return OK;
    if (unknown & 0x1)
        name = "compression";
    if (unknown & 0x8)
        name = "journal_dev";
    if (unknown & 0x1000)
        name = "dirdata";
    return error_make(ERROR_EXT_FEATURE, .name = volume->name, .other = name, .number = {unknown});
}

static struct error check_fields(const struct ext *ext, const u8 *super) {
    const struct {
        bool good;
        const char *field;
        u32 value;
    } checks[] = {
        {ext->block_shift <= BLOCK_SHIFT_MAX, "the block size", load32(super + 0x18)},
        {ext->block_count, "the number of blocks", ext->block_count},
        {!ext->first_block || ext->first_block == 1, "the first block", ext->first_block},
        {ext->blocks_per_group, "the number of blocks in a group", 0},
        {ext->inodes_per_group, "the number of inodes in a group", 0},
        {is_power_of_two(ext->inode_size) && ext->inode_size >= INODE_SIZE_OLD &&
             ext->inode_size >> ext->block_shift <= 1,
         "the size of an inode", ext->inode_size},
        {is_power_of_two(ext->descriptor_size) && ext->descriptor_size >= DESCRIPTOR_SIZE_OLD &&
             ext->descriptor_size <= 512,
         "the size of a group descriptor", ext->descriptor_size},
    };
    for (u32 i = 0; i < ARRAY_COUNT(checks); i++)
        if (!checks[i].good)
            return bad_field(&ext->volume, checks[i].field, checks[i].value);
    return OK;
}

/* "The Super Block". The fields from 0x54 on are of revision 1; in revision 0 they are zeros, but
 * for the size of an inode. */
struct error ext_open(const struct source *volume, struct ext *ext) {
    u8 super[SUPERBLOCK_SIZE] = {0};
    if (volume->size >= SUPERBLOCK_START + SUPERBLOCK_SIZE)
        TRY(source_read(volume, SUPERBLOCK_START, super, sizeof super));
    if (load16(super + 0x38) != MAGIC)
        return error_make(ERROR_EXT_NONE, .name = volume->name);
    u32 features = load32(super + 0x60);
    bool wide = features & INCOMPAT_64BIT;
    u32 shift = load32(super + 0x18);
    *ext = (struct ext){
        .volume = *volume,
        .block_shift = shift <= BLOCK_SHIFT_MAX - BLOCK_SHIFT_MIN ? shift + BLOCK_SHIFT_MIN : 31,
        .block_count = wide && load32(super + 0x150) ? 0 : load32(super + 4),
        .first_block = load32(super + 0x14),
        .blocks_per_group = load32(super + 0x20),
        .inodes_per_group = load32(super + 0x28),
        .inode_count = load32(super),
        .inode_size = load32(super + 0x4c) ? load16(super + 0x58) : INODE_SIZE_OLD,
        .descriptor_size = wide ? load16(super + 0xfe) : DESCRIPTOR_SIZE_OLD,
        .first_meta_group = features & INCOMPAT_META_BG ? load32(super + 0x104) : ~(u32)0,
        .is_sparse = load32(super + 0x64) & RO_COMPAT_SPARSE_SUPER};
    if (load32(super + 0x5c) & COMPAT_SPARSE_SUPER2) {
        ext->is_sparse2 = true;
        ext->backup_groups[0] = load32(super + 0x24c);
        ext->backup_groups[1] = load32(super + 0x250);
    }
    memcpy(ext->uuid, super + 0x68, EXT_UUID_SIZE);
    memcpy(ext->label, super + 0x78, EXT_LABEL_SIZE);
    TRY(check_features(volume, features));
    return check_fields(ext, super);
}

void ext_identity(const struct ext *ext, char label[EXT_LABEL_SIZE + 1], char uuid[37]) {
    memcpy(label, ext->label, EXT_LABEL_SIZE);
    label[EXT_LABEL_SIZE] = 0;
    for (u32 i = 0; i < EXT_UUID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *uuid++ = '-';
        *uuid++ = "0123456789abcdef"[ext->uuid[i] >> 4];
        *uuid++ = "0123456789abcdef"[ext->uuid[i] & 15];
    }
    *uuid = 0;
}

/* Group descriptors and inodes ------------------------------------------------------------- */

/* Does the group begin with a copy of the superblock? It is the first of a block of descriptors and
 * so has an even number. With sparse_super these have none but for group 0, as only groups 0 and 1
 * and powers of 3, 5 and 7 have one. */
static bool has_superblock(const struct ext *ext, u32 group) {
    if (!group)
        return true;
    return ext->is_sparse2 ? group == ext->backup_groups[0] || group == ext->backup_groups[1]
                           : !ext->is_sparse;
}

/* Reads from a block on: `offset` may be larger than a block. */
static struct error read_from(const struct ext *ext, u32 block, u32 offset, void *to, size_t size) {
    return source_read(&ext->volume, ((u64)block << ext->block_shift) + offset, to, size);
}

/* Without meta_bg all descriptors stand together behind the superblock; with it, each block of them
 * stands in the first of the groups that it describes. */
static struct error read_descriptor(const struct ext *ext, u32 group, u8 *descriptor) {
    u32 shift = ext->block_shift - (u32)__builtin_ctz(ext->descriptor_size);
    u32 number = group >> shift, first = number << shift;
    u32 block = SUPERBLOCK_START >> ext->block_shift;
    if (number < ext->first_meta_group) {
        block += number + 1;
    } else {
        if (first)
            block = ext->first_block + first * ext->blocks_per_group;
        block += has_superblock(ext, first);
    }
    return read_from(ext, block, (group - first) * ext->descriptor_size, descriptor,
                     ext->descriptor_size < DESCRIPTOR_ROOM ? DESCRIPTOR_SIZE_OLD
                                                            : DESCRIPTOR_ROOM);
}

static bool is_block(const struct ext *ext, u32 block) {
    return block && block < ext->block_count;
}

/* Where the inode is: `offset` bytes behind the start of the block. */
static struct error find_inode(const struct ext_file *file, u32 *block, u32 *offset) {
    const struct ext *ext = file->ext;
    u8 descriptor[DESCRIPTOR_ROOM] = {0};
    u32 number = file->inode - 1;
    if (number >= ext->inode_count)
        return fail(file, ERROR_EXT_INODE, "its number", file->inode, file->inode, 0);
    TRY(read_descriptor(ext, number / ext->inodes_per_group, descriptor));
    *block = load32(descriptor + 8);
    *offset = number % ext->inodes_per_group * ext->inode_size;
    if (load32(descriptor + DESCRIPTOR_TABLE_HIGH) || !is_block(ext, *block))
        return bad_field(&ext->volume, "the inode table of a group", *block);
    return OK;
}

/* Inline data that does not fit into the inode's 60 bytes goes on in the extended attribute
 * "system.data", behind the inode's other fields. Its place is counted from the first attribute. */
static struct error find_inline(struct ext_file *file, u32 block, u32 inode) {
    u8 bytes[ATTRIBUTE_SIZE + 4];
    const struct ext *ext = file->ext;
    TRY(read_from(ext, block, inode + INODE_SIZE_OLD, bytes, 4));
    u32 first = INODE_SIZE_OLD + load16(bytes) + 4;
    for (u32 at = first; at + sizeof bytes <= ext->inode_size;
         at += ATTRIBUTE_SIZE + ((bytes[0] + 3) & ~3u)) {
        TRY(read_from(ext, block, inode + at, bytes, sizeof bytes));
        u32 start = first + load16(bytes + 2), size = load32(bytes + 8);
        if (!load32(bytes))
            break;
        if (bytes[0] == 4 && bytes[1] == ATTRIBUTE_SYSTEM && !load32(bytes + 4) &&
            memcmp(bytes + ATTRIBUTE_SIZE, "data", 4) == 0 && start <= ext->inode_size &&
            size <= ext->inode_size - start) {
            file->inline_block = block;
            file->inline_offset = inode + start;
            file->inline_size = size;
        }
    }
    return OK;
}

static u32 kind(const struct ext_file *file) {
    return file->mode & KIND_MASK;
}

/* "Index Nodes". A symbolic link of less than 60 bytes stands in the place of the pointers, as
 * inline data does. */
static struct error open_inode(const struct ext *ext, const char *name, u32 inode,
                               struct ext_file *file) {
    u8 bytes[INODE_SIZE_OLD];
    u32 block = 0, offset = 0;
    *file = (struct ext_file){.ext = ext, .name = name, .inode = inode};
    TRY(find_inode(file, &block, &offset));
    TRY(read_from(ext, block, offset, bytes, sizeof bytes));
    file->mode = load16(bytes);
    file->flags = load32(bytes + 0x20);
    file->size = load32(bytes + 4);
    if (kind(file) == KIND_FILE)
        file->size |= (u64)load32(bytes + 0x6c) << 32;
    memcpy(file->pointers, bytes + 0x28, EXT_POINTERS_SIZE);
    if (file->flags & FLAG_INLINE)
        TRY(find_inline(file, block, offset));
    else if (kind(file) == KIND_LINK && file->size < EXT_POINTERS_SIZE &&
             !(file->flags & FLAG_EXTENTS))
        file->flags |= FLAG_INLINE;
    if (file->size >> ext->block_shift >= 0xffffffff)
        return fail(file, ERROR_EXT_INODE, "its size", file->inode, file->size, 0);
    return OK;
}

/* Runs of blocks --------------------------------------------------------------------------- */

static struct error bad_block(const struct ext_file *file, u32 block, u32 place) {
    return fail(file, ERROR_EXT_BLOCK, NULL, block, place, file->ext->block_count);
}

static struct error set_run(struct ext_file *file, u32 first, u32 count, u32 block) {
    if (block && (!is_block(file->ext, block) || count > file->ext->block_count - block))
        return bad_block(file, first, block);
    file->run_first = first;
    file->run_count = count;
    file->run_block = block;
    return OK;
}

/* How many of these pointers give neighbouring blocks, or are all holes. */
static u32 count_neighbours(const u8 *pointers, u32 count) {
    u32 first = load32(pointers), same = 1;
    while (same < count && load32(pointers + 4 * same) == (first ? first + same : 0))
        same++;
    return same;
}

/* "Direct/Indirect Block Addressing": 12 pointers, then one to a block of pointers, one to a block
 * of those, one to a block of those. A pointer of 0 at any level is a hole as wide as what would
 * stand below it. */
static struct error find_pointers(struct ext_file *file, u32 block) {
    const struct ext *ext = file->ext;
    u8 some[POINTERS_AT_ONCE * 4];
    u32 bits = ext->block_shift - 2, level = 1, rest = block - DIRECT_POINTERS;
    if (block < DIRECT_POINTERS) {
        const u8 *at = file->pointers + 4 * block;
        return set_run(file, block, count_neighbours(at, DIRECT_POINTERS - block), load32(at));
    }
    for (; (u64)rest >> (bits * level); level++)
        rest -= 1u << (bits * level);
    if (level > 3)
        return fail(file, ERROR_EXT_INODE, "its size", file->inode, file->size, 0);
    u32 pointer = load32(file->pointers + 4 * (DIRECT_POINTERS - 1 + level));
    for (;;) {
        level--;
        u64 below = (u64)1 << (bits * level);
        u32 index = (u32)(rest >> (bits * level)), count = 1;
        u64 span = (below << bits) - rest;
        if (!pointer)
            return set_run(file, block, (u32)min_u64(span, ~block), 0);
        if (!is_block(ext, pointer))
            return bad_block(file, block, pointer);
        if (!level)
            count = (u32)min_u64(span, POINTERS_AT_ONCE);
        TRY(read_from(ext, pointer, 4 * index, some, 4 * count));
        pointer = load32(some);
        rest &= (u32)below - 1;
        if (!level)
            return set_run(file, block, count_neighbours(some, count), pointer);
    }
}

/* An entry of a node of the extent tree: of the one in the inode, where `node` is 0. */
static struct error read_extent(const struct ext_file *file, u32 node, u32 index, u8 *extent) {
    if (node)
        return read_from(file->ext, node, index * EXTENT_SIZE, extent, EXTENT_SIZE);
    memcpy(extent, file->pointers + index * EXTENT_SIZE, EXTENT_SIZE);
    return OK;
}

/* "Extent Tree". Finds in one node the entry that `block` belongs to: the last that begins at or
 * before it. *limit comes down to where the next begins. *depth is the depth that the node must
 * have. An extent of length 0 at block 0 stands for there being none. */
static struct error search_node(const struct ext_file *file, u32 node, u32 block, u32 *depth,
                                u32 *limit, u8 *extent) {
    u32 room = node ? 1u << file->ext->block_shift : EXT_POINTERS_SIZE;
    TRY(read_extent(file, node, 0, extent));
    u32 found = load16(extent + 6), low = 0, high = load16(extent + 2) + 1u;
    if (load16(extent) != EXTENT_MAGIC || high * EXTENT_SIZE > room ||
        (node ? found != *depth : found > EXTENT_DEPTH_MAX))
        return fail(file, ERROR_EXT_EXTENT, NULL, file->inode, node, 0);
    *depth = found;
    while (low + 1 < high) {
        u32 middle = (low + high) >> 1;
        TRY(read_extent(file, node, middle, extent));
        if (load32(extent) <= block) {
            low = middle;
        } else {
            high = middle;
            *limit = (u32)min_u64(*limit, load32(extent));
        }
    }
    if (low)
        return read_extent(file, node, low, extent);
    memset(extent, 0, EXTENT_SIZE);
    *depth = 0;
    return OK;
}

static struct error find_extent(struct ext_file *file, u32 block) {
    u8 extent[EXTENT_SIZE];
    u32 depth = 0, limit = ~(u32)0, node = 0;
    for (;; depth--) {
        TRY(search_node(file, node, block, &depth, &limit, extent));
        if (!depth)
            break;
        node = load32(extent + 4);
        if (load16(extent + 8) || !is_block(file->ext, node))
            return bad_block(file, block, node);
    }
    u32 first = load32(extent), length = load16(extent + 4), start = load32(extent + 8);
    if (length > EXTENT_LENGTH_MAX) {
        length -= EXTENT_LENGTH_MAX;
        start = 0;
    } else if (load16(extent + 6) || (length && !start)) {
        return bad_block(file, first, start);
    }
    if (block - first >= length)
        return set_run(file, block, limit - block, 0);
    return set_run(file, first, length, start);
}

/* Moves the cursor to the run that `block` belongs to; *place is where that is on the volume, 0 in
 * a hole. */
static struct error seek(struct ext_file *file, u32 block, u32 *place) {
    if (block - file->run_first >= file->run_count)
        TRY(file->flags & FLAG_EXTENTS ? find_extent(file, block) : find_pointers(file, block));
    *place = file->run_block ? file->run_block + (block - file->run_first) : 0;
    return OK;
}

/* Files ------------------------------------------------------------------------------------ */

/* How many bytes from `offset` on lie together on the volume, or in a hole: `size` at most.
 * *place is where, in blocks. */
static struct error measure_run(struct ext_file *file, u64 offset, size_t size, u32 *place,
                                size_t *run) {
    u32 shift = file->ext->block_shift, first = (u32)(offset >> shift), next = first, there;
    u64 end = 0;
    TRY(seek(file, first, place));
    there = *place;
    while (there == (*place ? *place + (next - first) : 0)) {
        end = ((u64)file->run_first + file->run_count) << shift;
        if (end - offset >= size)
            break;
        next = (u32)(end >> shift);
        TRY(seek(file, next, &there));
    }
    *run = (size_t)min_u64(end - offset, size);
    return OK;
}

/* What the inode has no room for reads as zeros: mke2fs makes such files of nothing but a hole. */
static struct error read_inline(const struct ext_file *file, u64 offset, u8 *to, size_t size) {
    for (; size && offset < EXT_POINTERS_SIZE; size--)
        *to++ = file->pointers[offset++];
    offset -= EXT_POINTERS_SIZE;
    size_t there =
        offset < file->inline_size ? (size_t)min_u64(size, file->inline_size - offset) : 0;
    if (!size)
        return OK;
    memset(to + there, 0, size - there);
    return read_from(file->ext, file->inline_block, file->inline_offset + (u32)offset, to, there);
}

/* The caller is source_read() or has looked: offset + size lies within the file. */
static struct error read_file(void *context, u64 offset, void *to, size_t size) {
    struct ext_file *file = context;
    const struct ext *ext = file->ext;
    u8 *at = to;
    if (file->flags & FLAG_INLINE)
        return read_inline(file, offset, to, size);
    while (size) {
        u32 place, skip = (u32)offset & ((1u << ext->block_shift) - 1);
        size_t run;
        TRY(measure_run(file, offset, size, &place, &run));
        if (place)
            TRY(read_from(ext, place, skip, at, run));
        else
            memset(at, 0, run);
        at += run;
        offset += run;
        size -= run;
    }
    return OK;
}

struct error ext_source(struct ext_file *file, struct source *source) {
    if (kind(file) == KIND_DIRECTORY)
        return fail(file, ERROR_FILE_IS_DIRECTORY, NULL, 0, 0, 0);
    if (kind(file) != KIND_FILE || file->flags & FLAG_ENCRYPTED)
        return fail(file, ERROR_EXT_KIND,
                    file->flags & FLAG_ENCRYPTED ? "encrypted" : "a device, a pipe or a socket", 0,
                    0, 0);
    *source =
        (struct source){.read = read_file, .context = file, .size = file->size, .name = file->name};
    return OK;
}

/* Directories ------------------------------------------------------------------------------ */

/* "Directory Entries". The nodes of a hashed directory look like entries that are not in use. */
static struct error look_up(struct ext_file *directory, const char *name, u32 length, u32 *inode) {
    bool is_inline = directory->flags & FLAG_INLINE;
    u32 block_size = 1u << directory->ext->block_shift;
    u32 size = (u32)min_u64(directory->size, DIRECTORY_SIZE_MAX), offset = 0;
    u8 entry[ENTRY_SIZE], there[NAME_MAX];
    if (is_inline) { /* the parent's number stands in front; there are no "." and ".." */
        bool up = length == 2 && name[1] == '.';
        *inode = up ? load32(directory->pointers) : directory->inode;
        if (name[0] == '.' && (up || length == 1))
            return OK;
        offset = 4;
    }
    for (u32 step; offset < size; offset += step) {
        u32 room = is_inline ? size - offset : block_size - (offset & (block_size - 1));
        if (size - offset < ENTRY_SIZE)
            break;
        TRY(read_file(directory, offset, entry, ENTRY_SIZE));
        step = load16(entry + 4);
        if (block_size == 0x10000 && (!step || step == 0xffff))
            step = block_size;
        if (step < ENTRY_SIZE_MIN || step & 3 || step > room || step > size - offset ||
            entry[6] > step - ENTRY_SIZE)
            return fail(directory, ERROR_EXT_DIRECTORY, NULL, directory->inode, offset, step);
        *inode = load32(entry);
        if (!*inode || entry[6] != length)
            continue;
        TRY(read_file(directory, offset + ENTRY_SIZE, there, length));
        if (memcmp(there, name, length) == 0)
            return OK;
    }
    return fail(directory, ERROR_FILE_NOT_FOUND, NULL, 0, 0, 0);
}

/* A path that is being followed. It stands at the end of its room, so that the target of a link can
 * be put in front of what is left. */
struct walk {
    const char *path; /* the caller's */
    u32 at;           /* what is left begins here */
    u32 path_left;    /* characters of the caller's path behind the name taken last */
    u32 links;
    char text[PATH_ROOM];
};

/* Puts the target of the link *file in front of what is left, and makes *file the directory that
 * it counts from. */
static struct error follow(struct walk *walk, u32 parent, struct ext_file *file) {
    if (++walk->links > LINKS_MAX)
        return fail(file, ERROR_EXT_LINKS, NULL, LINKS_MAX, 0, 0);
    if (!file->size || file->size > walk->at)
        return fail(file, ERROR_EXT_INODE, "the length of the link", file->inode, file->size, 0);
    walk->at -= (u32)file->size;
    TRY(read_file(file, 0, walk->text + walk->at, (u32)file->size));
    return open_inode(file->ext, walk->path, walk->text[walk->at] == '/' ? ROOT_INODE : parent,
                      file);
}

/* Takes the next name of the path. */
static struct error step(struct walk *walk, struct ext_file *file) {
    const char *name = walk->text + walk->at;
    u32 length = 0, parent = file->inode, inode = 0;
    if (kind(file) != KIND_DIRECTORY)
        return fail(file, ERROR_FILE_NOT_DIRECTORY,
                    walk->path + string_length(walk->path) - walk->path_left, 0, 0, 0);
    if (*name == '/') {
        walk->at++;
        return OK;
    }
    while (name[length] && name[length] != '/')
        if (++length > NAME_MAX)
            return fail(file, ERROR_FILE_PATH, "a name in it has more than 255 characters", 0, 0,
                        0);
    TRY(look_up(file, name, length, &inode));
    TRY(open_inode(file->ext, walk->path, inode, file));
    walk->at += length;
    walk->path_left = (u32)min_u64(walk->path_left, PATH_ROOM - 1 - walk->at);
    return kind(file) == KIND_LINK ? follow(walk, parent, file) : OK;
}

struct error ext_find(const struct ext *ext, const char *path, struct ext_file *file) {
    struct walk walk;
    u32 length = (u32)string_length(path);
    walk.path = path;
    walk.path_left = length;
    walk.links = 0;
    walk.at = PATH_ROOM - 1;
    file->name = path;
    if (path[0] != '/' || length > walk.at)
        return fail(file, ERROR_FILE_PATH,
                    length > walk.at ? "it is too long" : "it does not start with /", 0, 0, 0);
    walk.at -= length;
    memcpy(walk.text + walk.at, path, length + 1);
    TRY(open_inode(ext, path, ROOT_INODE, file));
    while (walk.text[walk.at])
        TRY(step(&walk, file));
    return OK;
}
