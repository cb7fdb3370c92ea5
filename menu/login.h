/* Asking for a user's name and password, without input or output.
 *
 * Enter goes from the name to the password, and is done there; Esc gives up. The password is never
 * drawn, nor how long it is. What does not fit is not taken; of other keys, only those that type
 * and Backspace mean anything. */
#ifndef MENU_LOGIN_H
#define MENU_LOGIN_H

#include "grid.h"
#include "keys.h"

enum { LOGIN_USER_SIZE = 64, LOGIN_PASSWORD_SIZE = 128, LOGIN_TRIES = 8 };

struct login {
    char user[LOGIN_USER_SIZE]; /* both end with a NUL always */
    char password[LOGIN_PASSWORD_SIZE];
    u32 user_length, password_length;
    bool in_password;
};

enum login_action { LOGIN_STAY, LOGIN_DONE, LOGIN_DISCARD };

void login_open(struct login *login);

enum login_action login_key(struct login *login, u32 key);

/* In the grid's body; the frame is the caller's. */
void login_draw(const struct login *login, const struct grid *grid);

/* So many seconds pass before the answer to a wrong password, `failures` having been wrong before
 * it: twice the time of the one before, from one second on. 0: there are no more tries. */
u32 login_wait(u32 failures);

/* Nothing of what was typed is left. */
void login_wipe(struct login *login);

#endif
