#include "trust.h"

#include "language.h"
#include "secret.h"
#include "sha512.h"

/* --- Hexadecimal bytes --- */

static u32 digit_of(char c) {
    u32 digit = (u32)(c - '0');
    u32 letter = (u32)((c | ' ') - 'a');
    return digit < 10 ? digit : letter < 6 ? letter + 10 : 16;
}

/* Reads up to `size` bytes in pairs of digits; how many there were. *at is moved behind them. */
static u32 read_hex(const char **at, u8 *bytes, u32 size) {
    u32 count = 0;
    /*@ loop invariant string(*at) && count <= size;
        loop assigns *at, count, bytes[0 .. size - 1];
        loop variant size - count; */
    for (; count < size && digit_of((*at)[0]) < 16 && digit_of((*at)[1]) < 16; *at += 2)
        bytes[count++] = (u8)(digit_of((*at)[0]) << 4 | digit_of((*at)[1]));
    return count;
}

/* --- Hashes of files --- */

bool config_is_hash(const struct config *c, u32 word) {
    return word < c->word_count && string_starts(c->words[word], "--hash=");
}

bool config_hash(struct config *c, u32 word, const char **digits) {
    static const char start[] = "--hash=sha512:";
    u8 digest[SHA512_SIZE];
    const char *end = *digits = c->words[word] + sizeof start - 1;
    if (string_starts(c->words[word], start) &&
        read_hex(&end, digest, SHA512_SIZE) == SHA512_SIZE && !*end)
        return true;
    return config_fail(c, ERROR_CONFIG_HASH, c->places[word], c->words[0], NULL);
}

bool config_hash_is(const char *digits, const u8 *digest) {
    u8 wanted[SHA512_SIZE];
    return read_hex(&digits, wanted, SHA512_SIZE) == SHA512_SIZE &&
           secret_equal(wanted, digest, SHA512_SIZE);
}

/* --- Passwords --- */

enum { SALT_MAX = 128, KEY_MIN = 16, KEY_MAX = 64 };

static const char key_start[] = "grub.pbkdf2.sha512.";

struct key {
    u32 iterations, salt_size, size;
    u8 salt[SALT_MAX], bytes[KEY_MAX];
};

/* grub.pbkdf2.sha512.ITERATIONS.SALT.KEY, as grub-mkpasswd-pbkdf2 prints it. */
static bool read_key(const char *at, struct key *key) {
    u64 iterations;
    size_t length = 0;
    at += sizeof key_start - 1;
    /*@ loop invariant 0 <= length <= length_of(at);
        loop assigns length;
        loop variant length_of(at) - length; */
    while (at[length] && at[length] != '.')
        length++;
    if (!config_number(at, length, &iterations) || !iterations || iterations >> 32 || !at[length])
        return false;
    key->iterations = (u32)iterations;
    at += length + 1;
    key->salt_size = read_hex(&at, key->salt, SALT_MAX);
    if (*at++ != '.')
        return false;
    key->size = read_hex(&at, key->bytes, KEY_MAX);
    return !*at && key->size >= KEY_MIN;
}

static struct text name_of(char *buffer, size_t size, const char *user) {
    struct text name = text_in(buffer, size);
    text_string(&name, "user:");
    text_string(&name, user);
    return name;
}

enum { NAME_SIZE = 5 + CONFIG_USER_MAX + 1 };

bool config_set_password(struct config *c) {
    struct config_place place = c->places[0];
    char name[NAME_SIZE];
    struct key key;
    if (c->word_count != 3 || !*c->words[1] || string_length(c->words[1]) > CONFIG_USER_MAX)
        return config_takes(c, place, c->words[0], "the name of a user, and a password");
    bool is_key = string_starts(c->words[2], key_start);
    if (is_key ? !read_key(c->words[2], &key)
               : !string_equal(c->words[0], "password") || !*c->words[2] ||
                     string_length(c->words[2]) > CONFIG_PASSWORD_MAX)
        return config_fail(c, ERROR_CONFIG_PASSWORD, c->places[2], c->words[0], c->words[1]);
    name_of(name, sizeof name, c->words[1]);
    return config_set(c, name, c->words[2], place);
}

static bool is_key_of(const struct key *key, const char *password) {
    u8 made[KEY_MAX];
    pbkdf2_sha512((struct bytes){(const u8 *)password, string_length(password)},
                  (struct bytes){key->salt, key->salt_size}, key->iterations, made, key->size);
    bool same = secret_equal(made, key->bytes, key->size);
    secret_wipe(made, sizeof made);
    return same;
}

/* Both are copied to buffers of one size, so that the time tells no length. */
static bool is_password(const char *kept, const char *password) {
    char a[CONFIG_PASSWORD_MAX + 1] = {0}, b[CONFIG_PASSWORD_MAX + 1] = {0};
    memcpy(a, kept, string_length(kept));
    memcpy(b, password, string_length(password));
    bool same = secret_equal(a, b, sizeof a);
    secret_wipe(a, sizeof a);
    secret_wipe(b, sizeof b);
    return same;
}

bool config_login(struct config *c, const char *user, const char *password) {
    char name[NAME_SIZE];
    struct key key;
    if (!*user || string_length(user) > CONFIG_USER_MAX ||
        string_length(password) > CONFIG_PASSWORD_MAX)
        return false;
    name_of(name, sizeof name, user);
    const char *kept = config_value_ever(c, name);
    if (!kept || !*kept)
        return false;
    if (string_starts(kept, key_start))
        return read_key(kept, &key) && is_key_of(&key, password);
    return is_password(kept, password);
}

/* --- Who may what --- */

static bool ends_name(char c) {
    return !c || c == ',' || c == ';' || c == '|' || c == '&' || is_blank(c) || c == '\n';
}

static bool is_listed(const char *list, const char *user) {
    /*@ loop invariant string(list);
        loop assigns list;
        loop variant length_of(list); */
    while (*list) {
        size_t length = 0;
        /*@ loop invariant 0 <= length <= length_of(list);
            loop assigns length;
            loop variant length_of(list) - length; */
        while (!ends_name(list[length]))
            length++;
        if (length && string_is(user, list, length))
            return true;
        list += length + (list[length] != 0);
    }
    return false;
}

/* `users` is NULL where everybody may. */
static bool may(struct config *c, const char *users, const char *user) {
    const char *super = config_value_ever(c, "superusers");
    return !super || !users || is_listed(super, user) || is_listed(users, user);
}

bool config_may_edit(struct config *c, const char *user) {
    return may(c, "", user);
}

bool config_may_boot(struct config *c, u32 entry, const char *user) {
    u32 depth = CONFIG_NESTING_MAX + 1;
    for (u32 i = entry + 1; i-- > 0 && depth;)
        if (c->entries[i].depth < depth) {
            depth = c->entries[i].depth;
            if (!may(c, c->entries[i].users, user))
                return false;
        }
    return true;
}
