/* The files of a boot volume before it is one: a folder of this computer, or a lone kernel at the
 * place where the loader looks for one.
 *
 * Parents stand before their children, and the children of a folder together, in an order that does
 * not depend on this computer. A path names a file as it will on the volume: without regard to
 * case, but the one that is equal comes first. */
#ifndef TOOLS_TREE_H
#define TOOLS_TREE_H

#include "source.h"

struct tree_file {
    const char *host; /* its path on this computer; NULL for a folder that is made up */
    const char *path; /* on the volume: "/boot/kernel.elf"; "/" for the root, which is files[0] */
    u64 size;         /* bytes */
    bool is_folder;
    u32 parent; /* in files[] */
    u32 slots;  /* of a folder: directory entries of 32 bytes that its children take */
};

struct tree {
    u32 count;
    struct tree_file *files;
    const char *fat_problem; /* why FAT cannot hold it, and the way out; NULL if it can */
};

/* Both end the program where the files cannot be read. */
struct tree tree_of_folder(const char *who, const char *folder);
struct tree tree_of_kernel(const char *who, const char *kernel);

/* A folder's tree, or a kernel's. */
struct tree tree_of(const char *who, const char *path, bool *is_folder);

/* As the loader finds files: FILE_NOT_FOUND, FILE_NOT_DIRECTORY, FILE_IS_DIRECTORY, FILE_PATH. */
MUST_USE struct error tree_find(const struct tree *tree, const char *path,
                                const struct tree_file **file);
MUST_USE struct error tree_try(const struct tree *tree, const char *path,
                               const struct tree_file **file, bool *found);

/* Is there anything that the loader would boot without being told? */
bool tree_has_work(const struct tree *tree);

/* A file of this computer in memory, read-only. */
struct host_file {
    struct bytes bytes;
    struct source data; /* of `bytes`: do not copy an open file */
};

/* `name` is what errors call it. Ends the program if it cannot be read. */
void host_open(const char *who, const char *path, const char *name, struct host_file *file);

void host_close(struct host_file *file);

u64 host_file_size(const char *who, const char *path);

#endif
