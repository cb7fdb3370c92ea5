#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "paths.h"
#include "program.h"
#include "tree.h"

enum {
    FILES_MAX = 100000,
    NAME_MAX_FAT = 255,
    NAME_PER_SLOT = 13, /* characters of a long name in one directory entry (fatgen103, "Long
                           Directory Entries") */
};

/* ---- files ---- */

static struct stat look_at(const char *who, const char *path) {
    struct stat state;
    if (stat(path, &state) < 0)
        die(who, "%s cannot be read: %s", path, strerror(errno));
    return state;
}

u64 host_file_size(const char *who, const char *path) {
    struct stat state = look_at(who, path);
    if (!S_ISREG(state.st_mode))
        die(who, "%s is no file; name a file", path);
    return (u64)state.st_size;
}

void host_open(const char *who, const char *path, const char *name, struct host_file *file) {
    size_t size = (size_t)host_file_size(who, path);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    void *bytes = NULL;
    if (descriptor >= 0 && size)
        bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (descriptor < 0 || bytes == MAP_FAILED)
        die(who, "%s cannot be read: %s", path, strerror(errno));
    close(descriptor);
    file->bytes = (struct bytes){bytes, size};
    file->data = source_memory(&file->bytes, name);
}

void host_close(struct host_file *file) {
    if (file->bytes.size)
        munmap((void *)(uintptr_t)file->bytes.at, file->bytes.size);
}

/* ---- names ---- */

/* What keeps a name from a FAT volume, or from mtools, to which [ means a pattern; NULL if nothing.
 */
static const char *name_problem(const char *name) {
    size_t length = strlen(name);
    for (const char *at = name; *at; at++)
        if ((unsigned char)*at < ' ' || strchr("\"*:<>?\\|[", *at))
            return make_text("a FAT volume cannot hold the character '%c'", *at);
    if (name[length - 1] == '.' || name[length - 1] == ' ')
        return "a FAT volume drops a full stop or a space at the end";
    return length > NAME_MAX_FAT ? "it is longer than 255 characters" : NULL;
}

static u32 slots_of(const char *name) {
    return 1 + (u32)(strlen(name) + NAME_PER_SLOT - 1) / NAME_PER_SLOT;
}

/* ---- folders ---- */

static struct tree start_tree(const char *folder) {
    struct tree tree = {.count = 1, .files = make_room(FILES_MAX, sizeof *tree.files)};
    tree.files[0] = (struct tree_file){.host = folder, .path = "/", .is_folder = true, .slots = 1};
    return tree;
}

static u32 add_file(const char *who, struct tree *tree, u32 parent, const char *name,
                    struct tree_file file) {
    if (tree->count == FILES_MAX)
        die(who, "more than %d files; is this the right folder?", FILES_MAX);
    const char *above = tree->files[parent].path;
    file.path = make_text("%s/%s", above[1] ? above : "", name);
    file.parent = parent;
    file.slots = file.is_folder ? 2 : 0; /* . and .. */
    tree->files[parent].slots += slots_of(name);
    tree->files[tree->count] = file;
    return tree->count++;
}

static int is_named(const struct dirent *entry) {
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b) {
    int order = strcasecmp((*a)->d_name, (*b)->d_name);
    return order ? order : strcmp((*a)->d_name, (*b)->d_name);
}

/* `before` is the name that stands before this one, or NULL. */
static const char *fat_problem(const char *folder, const char *name, const char *before,
                               const struct tree_file *file) {
    const char *problem = name_problem(name);
    if (problem)
        return make_text("%s/%s: %s; rename it", folder, name, problem);
    if (before && !strcasecmp(before, name))
        return make_text("%s: \"%s\" and \"%s\" are one name on a FAT volume; rename one", folder,
                         before, name);
    if (file->size >> 32)
        return make_text("%s has 4 GiB or more, which no FAT volume can hold", file->host);
    return NULL;
}

static void read_folder(const char *who, struct tree *tree, u32 parent) {
    const char *folder = tree->files[parent].host, *before = NULL;
    struct dirent **entries;
    int count = scandir(folder, &entries, is_named, compare_names);
    if (count < 0)
        die(who, "%s cannot be read: %s", folder, strerror(errno));
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        struct tree_file file = {.host = make_text("%s/%s", folder, name)};
        struct stat state = look_at(who, file.host);
        file.is_folder = S_ISDIR(state.st_mode);
        if (!file.is_folder && !S_ISREG(state.st_mode))
            die(who, "%s is neither a file nor a folder; remove it", file.host);
        file.size = file.is_folder ? 0 : (u64)state.st_size;
        if (!tree->fat_problem)
            tree->fat_problem = fat_problem(folder, name, before, &file);
        before = name;
        add_file(who, tree, parent, name, file);
    }
}

struct tree tree_of_folder(const char *who, const char *folder) {
    struct tree tree = start_tree(program_path(folder));
    for (u32 i = 0; i < tree.count; i++)
        if (tree.files[i].is_folder)
            read_folder(who, &tree, i);
    return tree;
}

struct tree tree_of_kernel(const char *who, const char *kernel) {
    struct tree_file file = {.host = program_path(kernel), .size = host_file_size(who, kernel)};
    struct tree tree = start_tree(NULL);
    u32 boot = add_file(who, &tree, 0, "boot", (struct tree_file){.is_folder = true});
    add_file(who, &tree, boot, "kernel.elf", file);
    return tree;
}

struct tree tree_of(const char *who, const char *path, bool *is_folder) {
    struct stat state = look_at(who, path);
    *is_folder = S_ISDIR(state.st_mode);
    return *is_folder ? tree_of_folder(who, path) : tree_of_kernel(who, path);
}

/* ---- finding ---- */

/* The path with single slashes, and none at its end. */
static const char *clean_path(const char *path) {
    char *clean = make_text("%s", path), *to = clean;
    for (const char *at = path; *at; at++)
        if (*at != '/' || (at[1] != '/' && (at[1] || at == path)))
            *to++ = *at;
    *to = 0;
    return clean;
}

/* The file whose path is the first `length` characters of `path`. */
static const struct tree_file *find_part(const struct tree *tree, const char *path, size_t length) {
    const struct tree_file *found = NULL;
    for (u32 i = 0; i < tree->count; i++) {
        const struct tree_file *file = &tree->files[i];
        if (strncasecmp(file->path, path, length) != 0 || file->path[length])
            continue;
        if (!strncmp(file->path, path, length))
            return file;
        found = found ? found : file;
    }
    return found;
}

/* From folder to folder, as the loader goes, so that it fails at the same place. */
struct error tree_find(const struct tree *tree, const char *path, const struct tree_file **file) {
    if (path[0] != '/')
        return error_make(ERROR_FILE_PATH, .name = path, .other = "it does not start with /");
    const char *clean = clean_path(path);
    for (size_t end = 1;; end++) {
        if (clean[end] && clean[end] != '/')
            continue;
        *file = find_part(tree, clean, end);
        if (!*file)
            return error_make(ERROR_FILE_NOT_FOUND, .name = path);
        if (!clean[end])
            break;
        if (!(*file)->is_folder)
            return error_make(ERROR_FILE_NOT_DIRECTORY, .name = path, .other = clean + end);
    }
    return (*file)->is_folder ? error_make(ERROR_FILE_IS_DIRECTORY, .name = path) : OK;
}

struct error tree_try(const struct tree *tree, const char *path, const struct tree_file **file,
                      bool *found) {
    struct error error = tree_find(tree, path, file);
    *found = !error.code;
    if (error.code == ERROR_FILE_NOT_FOUND || error.code == ERROR_FILE_NOT_DIRECTORY)
        return OK;
    return error;
}

bool tree_has_work(const struct tree *tree) {
    for (size_t i = 0; i < ARRAY_COUNT(config_paths); i++)
        if (find_part(tree, config_paths[i], strlen(config_paths[i])))
            return true;
    for (size_t i = 0; i < ARRAY_COUNT(kernel_paths); i++)
        if (find_part(tree, kernel_paths[i], strlen(kernel_paths[i])))
            return true;
    return false;
}
