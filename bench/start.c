/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of starting: from a command to its end. */
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/case.h"

enum { STARTS = 20 };

extern char **environ;

/* Wall clock: a child's start is not this process's time. Its output is thrown away. */
static enum err start(struct bench *bench, const char *program, const char *word,
                      struct timing *ret_timing)
{
    char *const arguments[] = {(char *)program, (char *)word, NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return err_set(bench->text, ERR_INTERNAL, "start_up: out of memory");
    }
    (void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1,
                                           0); /* Otherwise it prints. */
    double began = bench_wall_s();
    enum err err = OK;
    for (int i = 0; i < STARTS && err == OK; i++) {
        pid_t child = 0;
        int status = 0;
        bool is_done = posix_spawn(&child, program, &actions, NULL, arguments, environ) == 0 &&
                       waitpid(child, &status, 0) == child && WIFEXITED(status) &&
                       WEXITSTATUS(status) == 0;
        err = is_done ? OK : err_set(bench->text, ERR_INTERNAL, "start_up: %s did not run", program);
    }
    *ret_timing = (struct timing){bench_wall_s() - began, STARTS};
    (void)posix_spawn_file_actions_destroy(&actions); /* Frees memory only. */
    return err;
}

static enum err start_up(struct bench *bench, struct timing *ret_timing)
{
    return start(bench, bench->request->program, "version", ret_timing);
}

static enum err start_up_limit(struct bench *bench, struct timing *ret_timing)
{
    return start(bench, "/bin/true", NULL, ret_timing);
}

static const struct bench_case cases[] = {
    {.name = "start_up",
     .unit = "ms",
     .scale = SCALE_MS,
     .run = start_up,
     .limit = start_up_limit,
     .wants_program = true},
};
const struct bench_table bench_start = {cases, sizeof(cases) / sizeof(cases[0])};
