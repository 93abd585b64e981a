/* SPDX-License-Identifier: Apache-2.0 */
/* Members of evidence by name. */
#include "reports/look.h"

#include <math.h>

double number_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

uint64_t count_of(const json_t *object, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

const char *words_of(const json_t *object, const char *name)
{
    const char *words = json_string_value(json_object_get(object, name));
    return words == NULL ? "" : words;
}
