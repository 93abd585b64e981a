/* SPDX-License-Identifier: Apache-2.0 */
/* Members of JSON that somebody may have damaged: the first that is absent or of another kind fails the reading and is named. */
#ifndef REPORTS_READER_H
#define REPORTS_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"

struct reader {
    const char *path; /* Of the file, for the message. */
    struct err_text *text;
    enum err err; /* Sticky: OK until the first failure. */
};

/* Each returns a value that is safe to go on with (0, "", an empty object or array) after a failure. */
const json_t *read_object(struct reader *reader, const json_t *from, const char *name);
const json_t *read_array(struct reader *reader, const json_t *from, const char *name);
const char *read_words(struct reader *reader, const json_t *from, const char *name);
uint64_t read_count(struct reader *reader, const json_t *from, const char *name);
double read_number(struct reader *reader, const json_t *from, const char *name); /* null is NaN. */
bool read_flag(struct reader *reader, const json_t *from, const char *name);
uint64_t read_count_at(struct reader *reader, const json_t *array, size_t i);
void read_fails(struct reader *reader, const char *what, const char *name);

/* Words for JSON: bytes that are not UTF-8 become '?'. */
json_t *words_json(const char *words);
/* NaN and infinity become null. */
json_t *number_json(double value);
json_t *count_json(uint64_t value);
/* Sets a member; a NULL value (out of memory) leaves it out, which every reader notices. */
void set_json(json_t *object, const char *name, json_t *value);

#endif
