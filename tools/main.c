/* aloft: makes, checks and runs what the loader boots. */
#include <stdio.h>

#include "command.h"
#include "message.h"
#include "native.h"

static const char help[] =
    "usage: aloft COMMAND ...\n"
    "\n"
    "  aloft image -o FILE DIR     make a disk image that boots the files of DIR\n"
    "  aloft install DISK          put the loader on an image or a disk that exists; can be "
    "undone\n"
    "  aloft run KERNEL|DIR        make such an image and boot it in QEMU\n"
    "  aloft check KERNEL          say whether a kernel can be booted, and what to mend\n"
    "  aloft plan KERNEL|DIR       show where everything would go: loads, page tables, entry\n"
    "  aloft doctor LOG [KERNEL]   say why it triple-faulted, from QEMU's log\n"
    "\n"
    "aloft COMMAND --help tells more; aloft(1) tells all.\n";

int main(int count, char **words) {
    const char *command = count > 1 ? words[1] : "--help";
    if (string_equal(command, "image"))
        return command_image(count - 2, words + 2);
    if (string_equal(command, "install"))
        return command_install(count - 2, words + 2);
    if (string_equal(command, "plan"))
        return command_plan(count - 2, words + 2);
    if (string_equal(command, "check"))
        return command_check(count - 2, words + 2);
    if (string_equal(command, "run"))
        return command_run(count - 2, words + 2);
    if (string_equal(command, "doctor"))
        return command_doctor(count - 2, words + 2);
    if (string_equal(command, "--help") || string_equal(command, "help"))
        return fputs(help, stdout) < 0 ? OUTCOME_FAILED : OUTCOME_DONE;
    if (string_equal(command, "--version"))
        return puts(ALOFT_NAME) < 0 ? OUTCOME_FAILED : OUTCOME_DONE;
    die("aloft",
        "there is no command \"%s\"; the commands are image, install, run, check, plan and doctor",
        command);
}
