/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a column, by name, by number and alone: refused with the file, or rows that are finite numbers or of a named kind. */
#include <string.h>

#include "core/base/assert.h"
#include "core/formats/column.h"
#include "tests/fuzz/fuzz.h"

static void try_name(struct slice input, const char *name, enum column_header header)
{
    struct column column;
    struct err_text text;
    enum err err = column_open(&column, "input", input, name, header, &text);
    for (bool has_row = true; err == OK && has_row;) {
        enum cell_kind kind = CELL_MISSING;
        double value = 0.0;
        err = column_next(&column, &has_row, &kind, &value);
        ASSERT(err != OK || kind < N_CELL_KINDS);
        ASSERT(value >= -1e150 && value <= 1e150);
        ASSERT(kind == CELL_NUMBER || (value >= 0.0 && value <= 0.0));
        ASSERT(column.at <= input.n_bytes);
    }
    if (err != OK) {
        ASSERT(err == ERR_DATA);
        ASSERT(strncmp(text.text, "input: ", 7) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    struct slice input = {(const char *)bytes, n_bytes};
    for (int header = COLUMN_HEADER_GUESSED; header <= COLUMN_HEADER_NONE; header++) {
        try_name(input, NULL, (enum column_header)header);
        try_name(input, "x", (enum column_header)header);
        try_name(input, "1", (enum column_header)header);
    }
    return 0;
}
