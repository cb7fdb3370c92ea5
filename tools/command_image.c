/* aloft image: a disk image that boots the files of a folder. */
#include "command.h"
#include "image_file.h"
#include "lock.h"
#include "message.h"
#include "options.h"

static const char help[] =
    "usage: aloft image -o FILE [OPTIONS] DIR\n"
    "\n"
    "Makes a disk image that boots the files of DIR. The loader looks there for /boot/aloft.cfg, "
    "/aloft.cfg,\n"
    "/boot/grub/grub.cfg, /grub/grub.cfg, and else for the kernel /boot/kernel.elf or "
    "/kernel.elf.\n"
    "\n"
    "  -o FILE             the image\n"
    "  --format=hdd        a hard disk or USB stick with one partition (when not given)\n"
    "  --format=gpt        the same with a GUID partition table\n"
    "  --format=floppy     1.44 MB\n"
    "  --format=volume     a disk without partitions\n"
    "  --format=iso        a CD, which boots from a USB stick too (when FILE ends in .iso)\n"
    "  --size=SIZE         64M, 1G; as the files need, and 32M at least, when not given\n"
    "  --filesystem=ext2   or ext3, ext4, fat: of the partition; FAT when not given\n"
    "  --lock              the loader boots by this configuration, and by no other "
    "(docs/security.md)\n"
    "  --fat=12|16|32      by size when not given; 32 with gpt\n"
    "\n"
    "Needs mkfs.fat (Debian: dosfstools) and mcopy (Debian: mtools), for ext mke2fs (Debian: "
    "e2fsprogs),\n"
    "for a CD xorriso; no root.\n";

static u64 read_size(const char *who, const char *word) {
    u64 size;
    if (!word)
        return 0;
    if (!parse_size(word, &size) || !size || size % MIB)
        die(who, "--size=%s is no size; write whole MiB or GiB: 64M, 1G", word);
    return size;
}

static u32 read_fat(const char *who, const char *word) {
    if (!word)
        return 0;
    if (string_equal(word, "12") || string_equal(word, "16"))
        return word[1] == '2' ? 12 : 16;
    if (string_equal(word, "32"))
        return 32;
    die(who, "--fat=%s is no kind of FAT; write 12, 16 or 32", word);
}

static const char *usual_format(const char *path) {
    size_t length = string_length(path);
    return length > 4 && string_equal(path + length - 4, ".iso") ? "iso" : "hdd";
}

static const char *read_filesystem(const char *who, const char *word) {
    if (string_equal(word, "fat"))
        return NULL;
    if (!string_equal(word, "ext2") && !string_equal(word, "ext3") && !string_equal(word, "ext4"))
        die(who, "--filesystem=%s is none that can be made; write fat, ext2, ext3 or ext4", word);
    return word;
}

static void check_wish(const char *who, const struct image_wish *wish) {
    bool has_table = wish->format == IMAGE_HDD || wish->format == IMAGE_GPT;
    if (wish->ext && wish->fat_bits)
        die(who, "--fat is for FAT, not for %s; leave one of the two out", wish->ext);
    if (wish->ext && !has_table)
        die(who, "%s needs a partition, to have the loader in front of it; add --format=hdd or gpt",
            wish->ext);
}

int command_image(int count, char **words) {
    const struct call call = {"aloft image", help, count, words};
    struct words things = {0}, output = {0}, format = {0}, size = {0}, fat = {0}, filesystem = {0},
                 locks = {0};
    const struct option options[] = {
        {"-o", &output, OPTION_VALUE},
        {"--format", &format, OPTION_VALUE},
        {"--size", &size, OPTION_VALUE},
        {"--fat", &fat, OPTION_VALUE},
        {"--filesystem", &filesystem, OPTION_VALUE},
        {"--lock", &locks, OPTION_FLAG},
    };
    options_read(&call, options, ARRAY_COUNT(options), &things, NULL);
    const char *folder = options_one(&call, &things, "the folder");
    const char *path = words_last(&output, NULL);
    if (!path)
        die(call.who, "where to? add -o FILE");
    struct image_wish wish = {
        .format = image_format_of(call.who, words_last(&format, usual_format(path))),
        .size = read_size(call.who, words_last(&size, NULL)),
        .fat_bits = read_fat(call.who, words_last(&fat, NULL)),
        .ext = read_filesystem(call.who, words_last(&filesystem, "fat"))};
    check_wish(call.who, &wish);
    bool is_folder;
    struct tree tree = tree_of(call.who, folder, &is_folder);
    if (!is_folder)
        die(call.who, "%s is a file; name the folder whose files the image shall hold", folder);
    if (!tree_has_work(&tree))
        warn(call.who,
             "%s has neither a configuration nor a kernel where the loader looks; "
             "put the kernel at %s/boot/kernel.elf, or write %s/boot/aloft.cfg",
             folder, folder, folder);
    struct lock lock;
    if (locks.count && !lock_to_tree(call.who, &tree, &lock))
        return OUTCOME_FAILED;
    wish.lock = locks.count ? lock.digest : NULL;
    if (!image_write(call.who, &tree, &wish, path))
        return OUTCOME_FAILED;
    if (locks.count)
        lock_print(&lock);
    return OUTCOME_DONE;
}
