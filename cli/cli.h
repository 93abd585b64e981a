/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs share: options, files, messages. Only this room prints, and only this room reads input files. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/base/err.h"
#include "sim/scenario/scenario.h"

/* One line of a verb's option table. */
struct option_entry {
    const char *name; /* Without the dashes. */
    const char *value; /* Word for the value in the help; NULL: a flag. One that ends in "..." may repeat. */
    const char *help;
};

/* A verb as read from the command line: values by the index of the table, then what is left over. */
enum {
    OPTIONS_MAX = 24,
    TARGETS_MAX = 64,
    REPEATS_MAX = 64,
    PATH_BYTES = 4096 + 256 /* The longest path of the system and a name more. */
};
struct arguments {
    const char *values[OPTIONS_MAX]; /* NULL: absent; flags: "". Of one that may repeat, the last. */
    uint32_t n_repeats;
    struct {
        uint32_t option_i;
        const char *value;
    } repeats[REPEATS_MAX]; /* Every use of those that may repeat. */
    uint32_t n_targets;
    const char *targets[TARGETS_MAX];
    bool help;
};

/* "--name VALUE", "--name=VALUE", "--" and targets in any order. Unknown options, missing values and repeats are ERR_USAGE. */
enum err arguments_parse(int argc, char **argv, const struct option_entry *table, uint32_t n_options,
                         struct arguments *ret_arguments, struct err_text *ret_text) MUST_USE;
/* Whole number within [lo, hi]; absent leaves *value. */
enum err arguments_number(const char *text, const char *name, uint64_t lo, uint64_t hi,
                          uint64_t *value, struct err_text *ret_text) MUST_USE;
void print_help(const char *usage, const char *about, const struct option_entry *table,
                uint32_t n_options);

/* Files: embedded ones by their path, others from the disk. Everything read stays until files_close. */
struct files;
enum err files_open(struct files **ret_files, struct err_text *ret_text) MUST_USE;
void files_close(struct files *files);
/* From the disk, at most 512 MiB; a directory or a missing file is ERR_NO_INPUT, an empty one ERR_DATA. */
enum err files_read(struct files *files, const char *path, struct slice *ret_bytes,
                    struct err_text *ret_text) MUST_USE;
/* The same; a pipe or a device is read to its end. */
enum err files_read_any(struct files *files, const char *path, struct slice *ret_bytes,
                        struct err_text *ret_text) MUST_USE;
/* The same from standard input, to its end. */
enum err files_read_input(struct files *files, struct slice *ret_bytes,
                          struct err_text *ret_text) MUST_USE;
/* Embedded; false when there is none. */
bool files_embedded(const char *path, struct slice *ret_bytes);
/* Library for suites: first the folder set here (may be NULL), then what is embedded. */
struct library files_library(struct files *files, const char *folder);
/* True when a target or a name means a file on the disk: it holds a slash or ends in .yaml. */
bool names_a_file(const char *word);
bool files_is_folder(const char *path);

/* The verbs: arguments without program and verb; the exit status. */
int cmd_sim(int argc, char **argv);
int cmd_audit(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_detect(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_scenario(int argc, char **argv);
int cmd_version(int argc, char **argv);
#ifdef STEWARD_LIVE
int cmd_live(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_approve(int argc, char **argv);
int cmd_deny(int argc, char **argv);
int cmd_halt(int argc, char **argv);
int cmd_resume(int argc, char **argv);
/* "-c" becomes "--config". */
void expand_config_option(int argc, char **argv);
#endif
/* Prints "steward VERB: text" and returns the exit status of err. */
int failed(const char *verb, enum err err, const struct err_text *text);

#endif
