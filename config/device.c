/* (hd0,msdos1)/path: which drive, which partition, which path. */
#include "language.h"

static u32 number_at(const char **at) {
    u32 number = 0;
    /*@ loop invariant string(*at) && number < 10000;
        loop assigns *at, number;
        loop variant length_of(*at); */
    while ((u32)(**at - '0') < 10 && number < 1000)
        number = number * 10 + (u32)(*(*at)++ - '0');
    return number;
}

static bool ends(const char *at) {
    return !*at || *at == ')';
}

/* cd, cd0, fd0, hd0, hd0,1, hd0,msdos1, hd0,gpt1. */
struct device device_parse(const char *name) {
    static const char kinds[][3] = {
        [DEVICE_NONE] = "", [DEVICE_DISK] = "hd", [DEVICE_FLOPPY] = "fd", [DEVICE_CD] = "cd"};
    struct device device = {.kind = DEVICE_DISK};
    const char *at = name + (*name == '(');
    if (ends(at))
        return (struct device){.kind = DEVICE_NONE};
    while (device.kind < DEVICE_OTHER && !string_starts(at, kinds[device.kind]))
        device.kind++;
    if (device.kind == DEVICE_OTHER)
        return device;
    at += 2;
    u32 number = number_at(&at);
    device.number = (u8)number;
    if (*at == ',') {
        at++;
        while (is_name_char(*at) && (u32)(*at - '0') >= 10)
            at++;
        device.partition = (u16)number_at(&at);
    }
    if (!ends(at) || number > DEVICE_NUMBER_MAX)
        device.kind = DEVICE_OTHER;
    return device;
}

bool config_path(struct config *c, const char *word, struct config_place place,
                 struct file_path *file) {
    file->path = word;
    if (*word != '(') {
        file->device = device_parse(config_variable(c, "root"));
        return true;
    }
    while (*file->path != ')')
        if (!*file->path++)
            return config_fail(c, ERROR_CONFIG_DEVICE, place, word, NULL);
    file->path++;
    file->device = device_parse(word);
    return true;
}
