/* The commands of `aloft`, one file each. `words` are what stands behind the command's name. */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

/* What a command exits with. */
enum outcome {
    OUTCOME_DONE = 0,
    OUTCOME_NO = 1,    /* the answer is no: the kernel or the configuration has a problem */
    OUTCOME_FAILED = 2 /* the call was wrong, or something on this computer failed */
};

int command_image(int count, char **words);
int command_install(int count, char **words);
int command_plan(int count, char **words);
int command_check(int count, char **words);
int command_run(int count, char **words);
int command_doctor(int count, char **words);

#endif
