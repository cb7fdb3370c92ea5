#include "login.h"

#include "secret.h"

void login_open(struct login *login) {
    *login = (struct login){.user_length = 0};
}

static void type(char *text, u32 size, u32 *length, u32 key) {
    if (key == KEY_BACKSPACE && *length)
        text[--*length] = 0;
    if (key_is_text(key) && *length + 1 < size)
        text[(*length)++] = (char)key;
}

enum login_action login_key(struct login *login, u32 key) {
    if (key == KEY_ESC)
        return LOGIN_DISCARD;
    if (key == KEY_ENTER) {
        if (login->in_password)
            return LOGIN_DONE;
        login->in_password = true;
    } else if (login->in_password) {
        type(login->password, LOGIN_PASSWORD_SIZE, &login->password_length, key);
    } else {
        type(login->user, LOGIN_USER_SIZE, &login->user_length, key);
    }
    return LOGIN_STAY;
}

void login_draw(const struct login *login, const struct grid *grid) {
    u32 row = GRID_BODY_TOP;
    u32 column = grid_text(grid, row, GRID_MARGIN, "Name: ", GRID_TEXT);
    column = grid_text(grid, row, column, login->user, GRID_BRIGHT);
    if (login->in_password)
        column = grid_text(grid, ++row, GRID_MARGIN, "Password: ", GRID_TEXT);
    grid_put(grid, row, column, ' ', GRID_CURRENT);
}

u32 login_wait(u32 failures) {
    return failures < LOGIN_TRIES ? 1u << failures : 0;
}

void login_wipe(struct login *login) {
    secret_wipe(login, sizeof *login);
}
