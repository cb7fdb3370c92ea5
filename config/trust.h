/* Whom and what a configuration trusts: hashes of files, and users with passwords.
 *
 *   kernel --hash=sha512:0123... /boot/kernel.elf      a file is used if it has this hash
 *
 *   set superusers="root"                              from here on only they may edit, use the
 *   password_pbkdf2 root grub.pbkdf2.sha512.10000...   command line, and boot entries
 *   menuentry A --unrestricted { ... }                 but this one, which everybody may boot,
 *   menuentry B --users "guest" { ... }                and this one, which guest may boot too
 *
 * Users are GRUB's: without the variable superusers nothing is restricted. Once it is set, to
 * nobody ("") even, it cannot be unset. Passwords are variables with names that `set` cannot write.
 */
#ifndef CONFIG_TRUST_H
#define CONFIG_TRUST_H

#include "config.h"

enum {
    CONFIG_USER_MAX = 63,      /* characters of a user's name */
    CONFIG_PASSWORD_MAX = 127, /* characters of a password */
};

/* Are these the digits of the hash? Upper case will do too. */
MUST_USE bool config_hash_is(const char *digits, const u8 *digest);

/* May `user`, "" for nobody, edit and use the command line? */
bool config_may_edit(struct config *config, const char *user);

/* May `user` boot the entry? Submenus around it have their users, too. */
bool config_may_boot(struct config *config, u32 entry, const char *user);

/* Is there such a user with this password? Takes the same time for all passwords. */
MUST_USE bool config_login(struct config *config, const char *user, const char *password);

#endif
