/* SPDX-License-Identifier: Apache-2.0 */
/* One column of numbers from CSV (RFC 4180) as it comes: what is no number is told, not refused. */
#ifndef CORE_FORMATS_COLUMN_H
#define CORE_FORMATS_COLUMN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/text.h"

enum cell_kind {
    CELL_NUMBER, /* Finite and at most 1e150 in magnitude: its square stays finite. */
    CELL_MISSING, /* Empty, or one of NA, N/A, null, None, ?, in any case; or the row is too short. */
    CELL_NAN,     /* NaN in any case. */
    CELL_INFINITE, /* inf or infinity in any case and with any sign; or beyond 1e150. */
    CELL_TEXT,     /* Anything else. */
    N_CELL_KINDS
};
const char *cell_kind_word(enum cell_kind kind);

struct column {
    const char *name; /* Of the file, for messages. */
    struct slice bytes;
    size_t at;
    uint32_t line;     /* Of byte at, from 1. */
    uint32_t column_i; /* The one that is read, from 0. */
    struct err_text *text;
};

/* Whether the first row is a header: to be found out, yes, no. */
enum column_header { COLUMN_HEADER_GUESSED, COLUMN_HEADER_FIRST, COLUMN_HEADER_NONE };

/* Borrows the bytes and the name. column is the number of a column from 0, or the name of a header's cell, or NULL when there is but one. Guessed, the
 * first row is a header when it was asked for by name and when its cell in the column is CELL_TEXT or CELL_MISSING. Where all of its cells are numbers it is
 * refused as a header: the name asked for may be a value, and 0, 1, 2, ... may be a row. Cells are trimmed of blanks; the byte order mark of UTF-8 is skipped;
 * lines end in LF or CRLF. A column that is not there or whose name two have, an empty file, UTF-16 by its mark, and quotes that do not end are ERR_DATA; the
 * message lists the columns where that helps. */
enum err column_open(struct column *column, const char *file, struct slice bytes, const char *name,
                     enum column_header header, struct err_text *ret_text) MUST_USE;
/* The next row's cell: ret_value is 0 unless CELL_NUMBER. ret_has_row is false after the last row. */
enum err column_next(struct column *column, bool *ret_has_row, enum cell_kind *ret_kind,
                     double *ret_value) MUST_USE;

#endif
