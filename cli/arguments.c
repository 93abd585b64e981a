/* SPDX-License-Identifier: Apache-2.0 */
/* Options from tables, strictly. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static int find_option(const char *name, size_t n_bytes, const struct option_entry *table,
                       uint32_t n_options)
{
    for (uint32_t i = 0; i < n_options; i++) {
        if (strlen(table[i].name) == n_bytes && memcmp(table[i].name, name, n_bytes) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool may_repeat(const struct option_entry *option)
{
    size_t n_bytes = option->value == NULL ? 0 : strlen(option->value);
    return n_bytes > 3 && strcmp(option->value + n_bytes - 3, "...") == 0;
}

static enum err take_option(int argc, char **argv, int *at, const struct option_entry *table,
                            uint32_t n_options, struct arguments *arguments,
                            struct err_text *ret_text)
{
    const char *word = argv[*at] + 2;
    const char *equals = strchr(word, '=');
    size_t n_bytes = equals == NULL ? strlen(word) : (size_t)(equals - word);
    int option = find_option(word, n_bytes, table, n_options);
    if (option < 0) {
        return err_set(ret_text, ERR_USAGE, "unknown option '%s'; see --help", argv[*at]);
    }
    if (arguments->values[option] != NULL && !may_repeat(&table[option])) {
        return err_set(ret_text, ERR_USAGE, "option --%s given twice", table[option].name);
    }
    arguments->values[option] = NULL;
    if (table[option].value == NULL) {
        if (equals != NULL) {
            return err_set(ret_text, ERR_USAGE, "option --%s takes no value", table[option].name);
        }
        arguments->values[option] = "";
        return OK;
    }
    if (equals != NULL) {
        arguments->values[option] = equals + 1;
    } else if (*at + 1 < argc) {
        arguments->values[option] = argv[++*at];
    }
    if (arguments->values[option] == NULL || arguments->values[option][0] == '\0') {
        return err_set(ret_text, ERR_USAGE, "option --%s wants a value (%s)", table[option].name,
                       table[option].value);
    }
    if (may_repeat(&table[option])) {
        if (arguments->n_repeats == REPEATS_MAX) {
            return err_set(ret_text, ERR_USAGE, "option --%s given more than %d times",
                           table[option].name, REPEATS_MAX);
        }
        arguments->repeats[arguments->n_repeats].option_i = (uint32_t)option;
        arguments->repeats[arguments->n_repeats++].value = arguments->values[option];
    }
    return OK;
}

enum err arguments_parse(int argc, char **argv, const struct option_entry *table, uint32_t n_options,
                         struct arguments *ret_arguments, struct err_text *ret_text)
{
    struct arguments arguments = {0};
    bool only_targets = false;
    for (int i = 0; i < argc; i++) {
        bool is_help = strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
        if (!only_targets && is_help) {
            arguments.help = true;
        } else if (!only_targets && strcmp(argv[i], "--") == 0) {
            only_targets = true;
        } else if (!only_targets && strncmp(argv[i], "--", 2) == 0) {
            TRY(take_option(argc, argv, &i, table, n_options, &arguments, ret_text));
        } else if (!only_targets && argv[i][0] == '-' && argv[i][1] != '\0') {
            return err_set(ret_text, ERR_USAGE, "unknown option '%s'; see --help", argv[i]);
        } else if (arguments.n_targets == TARGETS_MAX) {
            return err_set(ret_text, ERR_USAGE, "more than %d targets", TARGETS_MAX);
        } else {
            arguments.targets[arguments.n_targets++] = argv[i];
        }
    }
    *ret_arguments = arguments;
    return OK;
}

enum err arguments_number(const char *text, const char *name, uint64_t lo, uint64_t hi,
                          uint64_t *value, struct err_text *ret_text)
{
    if (text == NULL) {
        return OK;
    }
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    bool is_number = text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
    if (!is_number || number < lo || number > hi) {
        return err_set(ret_text, ERR_USAGE,
                       "option --%s: '%s' is not a whole number from %llu to %llu", name, text,
                       (unsigned long long)lo, (unsigned long long)hi);
    }
    *value = number;
    return OK;
}

void print_help(const char *usage, const char *about, const struct option_entry *table,
                uint32_t n_options)
{
    (void)printf("usage: %s\n\n%s\n", usage, about);
    for (uint32_t i = 0; i < n_options; i++) {
        char left[64];
        const char *value = table[i].value;
        (void)snprintf(left, sizeof(left), "--%s%s%s", table[i].name, value == NULL ? "" : " ",
                       value == NULL ? "" : value);
        (void)printf("%s  %-24s %s\n", i == 0 ? "\noptions:\n" : "", left, table[i].help);
    }
}

int failed(const char *verb, enum err err, const struct err_text *text)
{
    (void)fflush(stdout); /* What was printed before stands before the message. */
    (void)fprintf(stderr, "steward %s: ", verb);
    for (const char *at = text->text; *at != '\0'; at++) { /* File names may hold anything. */
        bool is_control = (unsigned char)*at < 0x20 || *at == 0x7f;
        if (is_control) {
            (void)fprintf(stderr, "\\x%02x", (unsigned)*at);
        } else {
            (void)fputc(*at, stderr);
        }
    }
    (void)fputc('\n', stderr);
    return err_exit_status(err);
}
