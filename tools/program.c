#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"
#include "program.h"

enum { NOT_THERE = 127 };

struct program program_make(const char *name, const char *package) {
    return (struct program){.package = package, .words = {.count = 1, .at = {name}}};
}

void program_add(struct program *program, const char *word) {
    words_add(program->words.at[0], &program->words, word);
}

void program_add_all(struct program *program, const char *words) {
    for (const char *space; (space = strchr(words, ' ')); words = space + 1)
        program_add(program, make_text("%.*s", (int)(space - words), words));
    program_add(program, words);
}

const char *program_path(const char *path) {
    return path[0] == '-' || strchr(path, ':') ? make_text("./%s", path) : path;
}

/* What makes the same files give the same image everywhere: one time stamp, one language, no
 * settings of the user's. mkfs.fat is in a folder that is not in every user's PATH. */
static void set_environment(void) {
    const char *path = getenv("PATH");
    setenv("PATH", make_text("%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin"), 1);
    setenv("SOURCE_DATE_EPOCH", PROGRAM_EPOCH, 0);
    setenv("E2FSPROGS_FAKE_TIME", getenv("SOURCE_DATE_EPOCH"), 1);
    setenv("TZ", "UTC0", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("MTOOLSRC", "/dev/null", 1);
    setenv("MTOOLS_SKIP_CHECK", "1", 1);
}

static void drop_output(FILE *messages) {
    int null = open("/dev/null", O_RDWR);
    if (null < 0)
        _exit(NOT_THERE);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    if (messages)
        dup2(fileno(messages), STDERR_FILENO);
}

void program_become(const struct program *program) {
    char *words[WORDS_MAX + 1];
    for (u32 i = 0; i < program->words.count; i++)
        words[i] = (char *)(uintptr_t)program->words.at[i]; /* execvp() does not write to them */
    words[program->words.count] = NULL;
    execvp(words[0], words);
}

static NO_RETURN void become_child(const struct program *program, FILE *messages) {
    sigset_t none;
    sigemptyset(&none);
    signals_release(none);
    drop_output(messages);
    set_environment();
    program_become(program);
    _exit(NOT_THERE);
}

/* The exit status; 128 and its number if a signal ended it; -1 if there was no starting it. */
static int run(const struct program *program, FILE *messages) {
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (!child)
        become_child(program, messages);
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void show(FILE *messages) {
    char line[512];
    rewind(messages);
    while (fgets(line, sizeof(line), messages))
        fputs(line, stderr);
}

bool program_run(const char *who, const struct program *program) {
    FILE *messages = program->is_chatty ? tmpfile() : NULL;
    int status = run(program, messages);
    if (messages) {
        if (status && status != NOT_THERE)
            show(messages);
        fclose(messages);
    }
    if (status < 0)
        return complain(who, "%s cannot be started: %s", program->words.at[0], strerror(errno));
    if (status == NOT_THERE)
        return complain(who, "%s is missing; install it (Debian: apt-get install %s)",
                        program->words.at[0], program->package);
    if (status)
        return complain(who, "%s failed with exit status %d; the reason stands above",
                        program->words.at[0], status);
    return true;
}

sigset_t signals_hold(void) {
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t held, before;
    sigemptyset(&held);
    for (size_t i = 0; i < ARRAY_COUNT(ending); i++)
        sigaddset(&held, ending[i]);
    sigprocmask(SIG_BLOCK, &held, &before);
    return before;
}

void signals_release(sigset_t before) {
    sigprocmask(SIG_SETMASK, &before, NULL);
}
