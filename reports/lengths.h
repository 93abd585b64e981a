/* SPDX-License-Identifier: Apache-2.0 */
/* Lengths of time, some of which had not ended when nobody looked any more. */
#ifndef REPORTS_LENGTHS_H
#define REPORTS_LENGTHS_H

#include <jansson.h>

#include "core/types/ident.h"
#include "core/base/err.h"

struct lengths {
    uint64_t *values; /* Milliseconds, doubled; odd: still open then. */
    size_t n, capacity;
};
/* from NEVER: nothing is put. to NEVER: open at the horizon. */
enum err lengths_put(struct lengths *lengths, int64_t from, int64_t to, int64_t horizon,
                     struct err_text *ret_text) MUST_USE;
/* Columns of equal length: milliseconds, how many ended then, how many were still open then. Many different ones become whole seconds. */
json_t *lengths_json(struct lengths *lengths);
void lengths_close(struct lengths *lengths);

#endif
