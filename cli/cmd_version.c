/* SPDX-License-Identifier: Apache-2.0 */
/* steward version. */
#include "cli/cli.h"

static const struct option_entry options[] = {{"json", NULL, "machine-readable"}};

int cmd_version(int argc, char **argv)
{
    struct arguments arguments;
    struct err_text text;
    enum err err = arguments_parse(argc, argv, options, 1, &arguments, &text);
    if (err == OK && arguments.n_targets > 0) {
        err = err_set(&text, ERR_USAGE, "takes no target");
    }
    if (err != OK) {
        return failed("version", err, &text);
    }
    if (arguments.help) {
        print_help("steward version [--json]", "Prints version and build.", options, 1);
        return 0;
    }
    if (arguments.values[0] != NULL) {
        (void)printf("{\"version\":\"%s\",\"compiler\":\"%s\"}\n", STEWARD_VERSION, STEWARD_COMPILER);
    } else {
        (void)printf("steward %s (%s)\n", STEWARD_VERSION, STEWARD_COMPILER);
    }
    return 0;
}
