/* SPDX-License-Identifier: Apache-2.0 */
/* The program: picks the verb; ends the process on a bug. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "core/base/assert.h"

struct verb_entry {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
};

static const struct verb_entry verbs[] = {
    {"sim", cmd_sim, "run agents and people against simulated and recorded incidents, and judge them"},
    {"replay", cmd_replay, "execute a journal again and compare every frame"},
    {"audit", cmd_audit, "verify a journal, prove a frame of it, export it, make keys"},
    {"report", cmd_report, "make evidence, a page, figures and JUnit of a campaign or a journal"},
    {"detect", cmd_detect, "watch a column of numbers for drift, and judge the alarms"},
    {"scenario", cmd_scenario, "list, show or check scenarios"},
    {"bench", cmd_bench, "time the hot paths beside what this machine can do"},
#ifdef STEWARD_LIVE
    {"live", cmd_live, "look after the models of a live platform"},
    {"status", cmd_status, "what a running steward is doing"},
    {"approve", cmd_approve, "approve a request of a running steward"},
    {"deny", cmd_deny, "deny a request of a running steward"},
    {"halt", cmd_halt, "stop every change of a running steward"},
    {"resume", cmd_resume, "end a halt"},
#endif
    {"version", cmd_version, "version and build"},
};

_Noreturn void steward_bug(const char *file, int line, const char *condition)
{
    (void)fprintf(stderr, "steward: bug at %s:%d: %s\n", file, line, condition);
    abort();
}

static void print_verbs(FILE *stream)
{
    (void)fprintf(stream, "usage: steward VERB [options]\n\n"
                          "Proof that an autonomous MLOps agent may be let loose.\n\nverbs:\n");
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        (void)fprintf(stream, "  %-10s %s\n", verbs[i].name, verbs[i].help);
    }
    (void)fprintf(stream, "\nsteward VERB --help says more. Try:  steward sim M01 --trace\n");
}

/* What could not be printed was not done, whatever the verb says. */
static int finish(int status)
{
    bool is_written = fflush(stdout) == 0 && !ferror(stdout);
    if (is_written || status > 1) {
        return status;
    }
    (void)fprintf(stderr, "steward: standard output: writing failed: %s\n", strerror(errno));
    return err_exit_status(ERR_IO);
}

int main(int argc, char **argv)
{
    /* A full quota or a reader that left is a failed write with a message, not a death that leaves half a file. */
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        print_verbs(stderr);
        return err_exit_status(ERR_USAGE);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_verbs(stdout);
        return finish(0);
    }
    if (strcmp(argv[1], "--version") == 0) {
        return finish(cmd_version(argc - 2, argv + 2));
    }
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(argv[1], verbs[i].name) == 0) {
            return finish(verbs[i].run(argc - 2, argv + 2));
        }
    }
    (void)fprintf(stderr, "steward: unknown verb '%s'; see steward --help\n", argv[1]);
    return err_exit_status(ERR_USAGE);
}
