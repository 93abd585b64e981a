/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and making JSON members. */
#include "reports/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void read_fails(struct reader *reader, const char *what, const char *name)
{
    if (reader->err == OK) {
        reader->err = err_set(reader->text, ERR_DATA, "%s: member '%s' %s", reader->path, name, what);
    }
}

static const json_t *member(struct reader *reader, const json_t *from, const char *name)
{
    const json_t *value = json_object_get(from, name);
    if (value == NULL) {
        read_fails(reader, "is missing", name);
    }
    return value;
}

const json_t *read_object(struct reader *reader, const json_t *from, const char *name)
{
    const json_t *value = member(reader, from, name);
    if (value != NULL && !json_is_object(value)) {
        read_fails(reader, "is not an object", name);
        return NULL;
    }
    return value;
}

const json_t *read_array(struct reader *reader, const json_t *from, const char *name)
{
    const json_t *value = member(reader, from, name);
    if (value != NULL && !json_is_array(value)) {
        read_fails(reader, "is not a list", name);
        return NULL;
    }
    return value;
}

const char *read_words(struct reader *reader, const json_t *from, const char *name)
{
    const json_t *value = member(reader, from, name);
    if (value != NULL && !json_is_string(value)) {
        read_fails(reader, "is not text", name);
    }
    return json_is_string(value) ? json_string_value(value) : "";
}

static uint64_t count_of(struct reader *reader, const json_t *value, const char *name)
{
    if (value != NULL && (!json_is_integer(value) || json_integer_value(value) < 0)) {
        read_fails(reader, "is not a count", name);
        return 0;
    }
    return (uint64_t)json_integer_value(value);
}

uint64_t read_count(struct reader *reader, const json_t *from, const char *name)
{
    return count_of(reader, member(reader, from, name), name);
}

uint64_t read_count_at(struct reader *reader, const json_t *array, size_t i)
{
    const json_t *value = json_array_get(array, i);
    if (value == NULL) {
        read_fails(reader, "is too short", "of a list");
    }
    return count_of(reader, value, "of a list");
}

double read_number(struct reader *reader, const json_t *from, const char *name)
{
    const json_t *value = member(reader, from, name);
    if (value == NULL || json_is_null(value)) {
        return NAN;
    }
    if (!json_is_number(value)) {
        read_fails(reader, "is not a number", name);
        return NAN;
    }
    return json_number_value(value);
}

bool read_flag(struct reader *reader, const json_t *from, const char *name)
{
    const json_t *value = member(reader, from, name);
    if (value != NULL && !json_is_boolean(value)) {
        read_fails(reader, "is neither true nor false", name);
    }
    return json_is_true(value);
}

json_t *words_json(const char *words)
{
    json_t *value = json_string(words);
    if (value != NULL) {
        return value;
    }
    char *plain = strdup(words);
    if (plain == NULL) {
        return NULL;
    }
    for (char *at = plain; *at != '\0'; at++) {
        *at = (unsigned char)*at < 0x80 ? *at : '?';
    }
    value = json_string(plain);
    free(plain);
    return value;
}

json_t *number_json(double value) { return isfinite(value) ? json_real(value) : json_null(); }

json_t *count_json(uint64_t value) { return json_integer((json_int_t)value); }

void set_json(json_t *object, const char *name, json_t *value)
{
    (void)json_object_set_new(object, name,
                              value); /* Absent when it fails: the reader of the member says so. */
}
