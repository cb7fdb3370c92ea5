#include "editor.h"

void editor_open(struct editor *editor, char *text, u32 size, u32 length, bool one_line) {
    u32 floor = one_line ? length : 0;
    *editor = (struct editor){text, size, length, floor, floor, one_line};
}

/* --- Lines --- */

static u32 line_start(const struct editor *editor, u32 at) {
    while (at > editor->floor && editor->text[at - 1] != '\n')
        at--;
    return at;
}

static u32 line_end(const struct editor *editor, u32 at) {
    while (at < editor->length && editor->text[at] != '\n')
        at++;
    return at;
}

/* The place in the line that starts at `start` which is `column` characters in, or its end. */
static u32 in_line(const struct editor *editor, u32 start, u32 column) {
    u32 end = line_end(editor, start);
    return end - start < column ? end : start + column;
}

static void move_line(struct editor *editor, bool down) {
    u32 start = line_start(editor, editor->cursor), column = editor->cursor - start;
    u32 end = line_end(editor, editor->cursor);
    if (down && end < editor->length)
        editor->cursor = in_line(editor, end + 1, column);
    if (!down && start > editor->floor)
        editor->cursor = in_line(editor, line_start(editor, start - 1), column);
}

/* --- Changes --- */

bool editor_insert(struct editor *editor, char c) {
    if (editor->length == editor->size)
        return false;
    char *at = editor->text + editor->cursor++;
    memmove(at + 1, at, editor->text + editor->length++ - at);
    *at = c;
    return true;
}

static void delete (struct editor *editor, u32 at) {
    if (at < editor->floor || at >= editor->length)
        return;
    memmove(editor->text + at, editor->text + at + 1, editor->length-- - at - 1);
    editor->cursor = at;
}

/* The line before the floor takes the place of the one being typed. */
static void recall(struct editor *editor) {
    if (!editor->floor)
        return;
    u32 end = editor->floor - 1, start = end;
    while (start && editor->text[start - 1] != '\n')
        start--;
    editor->length = editor->cursor = editor->floor;
    while (start < end && editor_insert(editor, editor->text[start]))
        start++;
}

enum { PAGE = 10 };

enum editor_action editor_key(struct editor *editor, u32 key) {
    u32 at = editor->cursor;
    switch (key) {
    case KEY_ESC: return EDITOR_DISCARD;
    case KEY_BOOT: return EDITOR_DONE;
    case KEY_ENTER:
        if (editor->one_line)
            return EDITOR_DONE;
        editor_insert(editor, '\n');
        break;
    case KEY_TAB: editor_insert(editor, ' '); break;
    case KEY_BACKSPACE: delete (editor, at - 1); break;
    case KEY_DELETE: delete (editor, at); break;
    case KEY_LEFT: editor->cursor -= at > editor->floor; break;
    case KEY_RIGHT: editor->cursor += at < editor->length; break;
    case KEY_HOME: editor->cursor = line_start(editor, at); break;
    case KEY_END: editor->cursor = line_end(editor, at); break;
    case KEY_UP:
        if (editor->one_line)
            recall(editor);
        /* fall through */
    case KEY_DOWN: move_line(editor, key == KEY_DOWN); break;
    case KEY_PAGE_UP:
    case KEY_PAGE_DOWN:
        for (u32 i = 0; i < PAGE; i++)
            move_line(editor, key == KEY_PAGE_DOWN);
        break;
    default:
        if (key_is_text(key))
            editor_insert(editor, (char)key);
    }
    return EDITOR_STAY;
}

/* --- The picture --- */

/* Goes through the text as it is laid out on rows of `width` cells. Draws, unless grid is NULL, the
 * body's rows from `top` on; returns the row of the cursor, and how many rows there are. */
static u32 lay_out(const struct editor *editor, u32 width, const struct grid *grid, u32 top,
                   u32 *rows) {
    u32 row = 0, column = 0, cursor_row = 0, body = grid ? grid_body_rows(grid) : 0;
    for (u32 at = 0; at <= editor->length; at++, column++) {
        char c[2] = {at < editor->length ? editor->text[at] : '\n', 0};
        bool is_cursor = at == editor->cursor;
        if (column == width)
            row++, column = 0;
        if (is_cursor)
            cursor_row = row;
        if (row - top < body) {
            u32 y = GRID_BODY_TOP + row - top, x = GRID_MARGIN + column;
            if (c[0] == '\n')
                c[0] = ' ';
            grid_text(grid, y, x, c, is_cursor ? GRID_CURRENT : GRID_TEXT);
            if (editor->one_line && (!at || editor->text[at - 1] == '\n'))
                grid_put(grid, y, GRID_MARGIN - 2, '>', GRID_BRIGHT);
        }
        if (at < editor->length && editor->text[at] == '\n')
            row++, column = ~0u;
    }
    *rows = row + 1;
    return cursor_row;
}

void editor_draw(const struct editor *editor, const struct grid *grid) {
    u32 width = grid->columns > 2 * GRID_MARGIN ? grid->columns - 2 * GRID_MARGIN : 1;
    u32 body = grid_body_rows(grid), rows;
    u32 cursor = lay_out(editor, width, NULL, 0, &rows);
    u32 top = cursor < body ? 0 : cursor - body + 1;
    lay_out(editor, width, grid, top, &rows);
    grid_marks(grid, top > 0, top + body < rows);
}
