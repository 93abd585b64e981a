/* SPDX-License-Identifier: Apache-2.0 */
/* A strict subset of YAML into a bounded tree: no anchors, aliases, tags, merge keys, duplicate keys, second documents; every node knows
 * its line and column. libyaml does the lexing. */
#ifndef CORE_FORMATS_YAML_H
#define CORE_FORMATS_YAML_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/text.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    uint32_t line, column; /* Of the value, from 1. */
    struct slice key;      /* In a map; else empty. */
    uint32_t key_line, key_column;
    struct slice value; /* SCALAR. */
    bool quoted;
    const struct yaml_node *first_child, *next;
};

struct yaml; /* Owns the tree; open/close pair. */

/* name is the file as it was given, for messages. bytes are copied. Ceilings: 1 MiB, 20,000 nodes, depth 16. Text that is refused is ERR_CONFIG,
 * and so is a file without a document: there always is a root. No key or value holds a control character. */
enum err yaml_open(const char *name, struct slice bytes, struct yaml **ret_yaml,
                   struct err_text *ret_text) MUST_USE;
void yaml_close(struct yaml *yaml);
const struct yaml_node *yaml_root(const struct yaml *yaml);
const char *yaml_file(const struct yaml *yaml);

/* NULL when absent, or when map is no map. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* Fails with "FILE:LINE:COLUMN: unknown key 'x' in WHAT; accepted: a, b, c". accepted ends with NULL. */
enum err yaml_check_keys(const struct yaml *yaml, const struct yaml_node *map, const char *what,
                         const char *const *accepted, struct err_text *ret_text) MUST_USE;
/* As yaml_get; an absent key fails with "FILE:LINE:COLUMN: WHAT: key 'x' is missing". */
enum err yaml_need(const struct yaml *yaml, const struct yaml_node *map, const char *what,
                   const char *key, const struct yaml_node **ret_node,
                   struct err_text *ret_text) MUST_USE;
/* Sets "FILE:LINE:COLUMN: message" and returns ERR_CONFIG, as every failure below does. */
enum err yaml_error(const struct yaml *yaml, const struct yaml_node *node, struct err_text *ret_text,
                    const char *format, ...) __attribute__((format(__printf__, 4, 5)));
/* Typed reads. A quoted scalar is text: never a number, a bool or a duration. lo and hi lie within the range. */
enum err yaml_to_i64(const struct yaml *yaml, const struct yaml_node *node, int64_t lo, int64_t hi,
                     int64_t *ret_value, struct err_text *ret_text) MUST_USE;
enum err yaml_to_double(const struct yaml *yaml, const struct yaml_node *node, double lo, double hi,
                        double *ret_value, struct err_text *ret_text) MUST_USE;
enum err yaml_to_bool(const struct yaml *yaml, const struct yaml_node *node, bool *ret_value,
                      struct err_text *ret_text) MUST_USE;
/* "90s", "5min", "2h", "3d", "250ms" to nanoseconds; whole numbers, at most 3650d. */
enum err yaml_to_duration(const struct yaml *yaml, const struct yaml_node *node, int64_t *ret_ns,
                          struct err_text *ret_text) MUST_USE;
/* Copies into a NUL-terminated array; empty or too long fails. */
enum err yaml_to_chars(const struct yaml *yaml, const struct yaml_node *node, char *ret_chars,
                       size_t capacity, struct err_text *ret_text) MUST_USE;

#endif
