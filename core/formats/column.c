/* SPDX-License-Identifier: Apache-2.0 */
/* Rows are cut into cells one at a time; nothing is kept but the place. */
#include "core/formats/column.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"

#define MAGNITUDE_MAX 1e150

enum {
    COLUMNS_MAX = 65536,
    NUMBER_BYTES = 512, /* More digits than any double has: 1e-308 written out needs 326. */
    NAME_BYTES = 16,    /* Of a column's number. */
    LISTED_BYTES = 300  /* Of column names in a message. */
};

const char *cell_kind_word(enum cell_kind kind)
{
    static const char *const words[N_CELL_KINDS] = {
        [CELL_NUMBER] = "number",     [CELL_MISSING] = "missing", [CELL_NAN] = "nan",
        [CELL_INFINITE] = "infinite", [CELL_TEXT] = "text",
    };
    ASSERT(kind < N_CELL_KINDS);
    return words[kind];
}

static int byte_at(const struct column *column)
{
    return column->at < column->bytes.n_bytes ? (unsigned char)column->bytes.bytes[column->at] : -1;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static struct slice trimmed(struct slice cell)
{
    while (cell.n_bytes > 0 && is_blank(cell.bytes[0])) {
        cell.bytes++;
        cell.n_bytes--;
    }
    while (cell.n_bytes > 0 && is_blank(cell.bytes[cell.n_bytes - 1])) {
        cell.n_bytes--;
    }
    return cell;
}

/* What lies between the quotes; doubled ones stay doubled, no number holds any. What follows them up to the comma is left out. */
static enum err take_quoted(struct column *column, struct slice *ret_cell)
{
    uint32_t began = column->line;
    size_t from = ++column->at;
    for (;;) {
        int c = byte_at(column);
        if (c < 0) {
            return err_set(column->text, ERR_DATA, "%s: line %u: a quoted cell does not end",
                           column->name, began);
        }
        column->at++;
        column->line += c == '\n' ? 1 : 0;
        if (c == '"' && byte_at(column) == '"') {
            column->at++;
        } else if (c == '"') {
            *ret_cell = (struct slice){column->bytes.bytes + from, column->at - 1 - from};
            return OK;
        }
    }
}

/* One cell with the comma or the line's end after it; ret_is_last says which it was. */
static enum err take_cell(struct column *column, struct slice *ret_cell, bool *ret_is_last)
{
    struct slice quoted = {NULL, 0};
    size_t from = column->at;
    if (byte_at(column) == '"') {
        TRY(take_quoted(column, &quoted));
    }
    int c = byte_at(column);
    while (c >= 0 && c != ',' && c != '\n') {
        column->at++;
        c = byte_at(column);
    }
    struct slice plain = {column->bytes.bytes + from, column->at - from};
    *ret_cell = trimmed(quoted.bytes != NULL ? quoted : plain);
    *ret_is_last = c != ',';
    column->line += c == '\n' ? 1 : 0;
    column->at += c >= 0 ? 1 : 0;
    return OK;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static bool is_word(struct slice cell, const char *word)
{
    size_t n_bytes = strlen(word);
    for (size_t i = 0; i < n_bytes && cell.n_bytes == n_bytes; i++) {
        if (lower(cell.bytes[i]) != word[i]) {
            return false;
        }
    }
    return cell.n_bytes == n_bytes;
}

static bool is_one_of(struct slice cell, const char *const *words, size_t n_words)
{
    for (size_t i = 0; i < n_words; i++) {
        if (is_word(cell, words[i])) {
            return true;
        }
    }
    return false;
}

static size_t skip_digits(struct slice cell, size_t at)
{
    while (at < cell.n_bytes && cell.bytes[at] >= '0' && cell.bytes[at] <= '9') {
        at++;
    }
    return at;
}

static size_t skip_sign(struct slice cell, size_t at)
{
    bool is_sign = at < cell.n_bytes && (cell.bytes[at] == '-' || cell.bytes[at] == '+');
    return is_sign ? at + 1 : at;
}

/* [+-]digits[.digits][e[+-]digits], with digits on one side of the point at least. */
static bool is_decimal(struct slice cell)
{
    size_t from = skip_sign(cell, 0), end = skip_digits(cell, from), n_digits = end - from;
    if (end < cell.n_bytes && cell.bytes[end] == '.') {
        from = end + 1;
        end = skip_digits(cell, from);
        n_digits += end - from;
    }
    if (n_digits > 0 && end < cell.n_bytes && lower(cell.bytes[end]) == 'e') {
        from = skip_sign(cell, end + 1);
        end = skip_digits(cell, from);
        n_digits = end > from ? n_digits : 0;
    }
    return n_digits > 0 && end == cell.n_bytes;
}

static enum cell_kind kind_of(struct slice cell, double *ret_value)
{
    static const char *const missing[] = {"", "na", "n/a", "null", "none", "?"};
    static const char *const infinite[] = {"inf",      "+inf",      "-inf",
                                           "infinity", "+infinity", "-infinity"};
    static const char *const nans[] = {"nan", "+nan", "-nan"};
    *ret_value = 0.0;
    if (is_decimal(cell) && cell.n_bytes < NUMBER_BYTES) {
        char digits[NUMBER_BYTES];
        memcpy(digits, cell.bytes, cell.n_bytes);
        digits[cell.n_bytes] = '\0';
        double value = strtod(digits, NULL); /* The locale is always C: nobody sets another. */
        bool is_bounded = value >= -MAGNITUDE_MAX && value <= MAGNITUDE_MAX;
        *ret_value = is_bounded ? value : 0.0;
        return is_bounded ? CELL_NUMBER : CELL_INFINITE;
    }
    if (is_one_of(cell, missing, sizeof(missing) / sizeof(missing[0]))) {
        return CELL_MISSING;
    }
    if (is_one_of(cell, nans, sizeof(nans) / sizeof(nans[0]))) {
        return CELL_NAN;
    }
    return is_one_of(cell, infinite, sizeof(infinite) / sizeof(infinite[0])) ? CELL_INFINITE
                                                                             : CELL_TEXT;
}

/* The cell of the column in the row that begins here; kept empty when the row is too short. */
static enum err take_row(struct column *column, struct slice *ret_cell)
{
    bool is_last = false;
    *ret_cell = (struct slice){"", 0};
    for (uint32_t i = 0; !is_last; i++) {
        struct slice cell;
        TRY(take_cell(column, &cell, &is_last));
        if (i == column->column_i) {
            *ret_cell = cell;
        }
    }
    return OK;
}

/* A number of a column, from 0. */
static bool is_index(const char *name, uint32_t *ret_i)
{
    uint32_t value = 0;
    for (const char *at = name; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || value >= COLUMNS_MAX) {
            return false;
        }
        value = value * 10 + (uint32_t)(*at - '0');
    }
    *ret_i = value;
    return name[0] != '\0' && value < COLUMNS_MAX;
}

/* What the first row tells: its width, the place of a name, and its cells for a message. */
struct first_row {
    uint32_t n_cells;
    bool is_numbered,
        is_numbers; /* Numbered: the cells are 0, 1, 2, ...; numbers: all are CELL_NUMBER. */
    uint32_t n_found, found_i,
        again_i; /* Cells of the name asked for, the first and the last of them. */
    char listed[LISTED_BYTES];
};

static void list_cell(struct text *listed, struct slice cell)
{
    text_put(listed, listed->n_bytes == 0 ? "" : ", ");
    for (size_t i = 0; i < cell.n_bytes; i++) {
        bool is_plain = cell.bytes[i] >= 0x20 && cell.bytes[i] < 0x7f;
        text_put_char(listed, is_plain ? cell.bytes[i] : '?');
    }
}

static enum err look_at_first(struct column column, const char *name, struct first_row *ret_first)
{
    struct first_row first = {.is_numbered = true, .is_numbers = true};
    struct text listed;
    text_init(&listed, first.listed, sizeof(first.listed));
    for (bool is_last = false; !is_last; first.n_cells++) {
        struct slice cell;
        TRY(take_cell(&column, &cell, &is_last));
        list_cell(&listed, cell);
        uint32_t number = 0;
        double value = 0.0;
        char word[NAME_BYTES];
        bool is_short = cell.n_bytes < sizeof(word);
        memcpy(word, cell.bytes, is_short ? cell.n_bytes : 0);
        word[is_short ? cell.n_bytes : 0] = '\0';
        first.is_numbered = first.is_numbered && is_index(word, &number) && number == first.n_cells;
        first.is_numbers = first.is_numbers && kind_of(cell, &value) == CELL_NUMBER;
        if (name != NULL && slice_equal(cell, slice_of(name))) {
            first.found_i = first.n_found == 0 ? first.n_cells : first.found_i;
            first.again_i = first.n_cells;
            first.n_found++;
        }
    }
    first.is_numbered = first.is_numbered && first.n_cells > 1;
    *ret_first = first;
    return OK;
}

/* A first row of numbers, asked for as if it were a header, or 0, 1, 2, ...: a wrong guess would lose a row or take the wrong column. */
static enum err no_telling(const struct column *column, const char *name, uint32_t column_i)
{
    return err_set(column->text, ERR_DATA,
                   "%.100s: the first row is all numbers, and column '%.40s' is one of them: it may be "
                   "a header or a row; say --header, or --no-header --column %u",
                   column->name, name, column_i);
}

static enum err choose(struct column *column, const char *name, const struct first_row *first,
                       enum column_header header, bool *ret_is_named)
{
    uint32_t column_i = 0;
    if (name == NULL && first->n_cells > 1) {
        return err_set(column->text, ERR_DATA, "%.200s: %u columns and none is chosen; there are: %s",
                       column->name, first->n_cells, first->listed);
    }
    bool is_number = name != NULL && is_index(name, &column_i) && column_i < first->n_cells;
    bool is_found = first->n_found > 0 && header != COLUMN_HEADER_NONE;
    if (name != NULL && !is_number && !is_found) {
        return header == COLUMN_HEADER_NONE
                   ? err_set(column->text, ERR_DATA,
                             "%.100s: no column '%.60s'; without a header there are 0 to %u",
                             column->name, name, first->n_cells - 1)
                   : err_set(column->text, ERR_DATA, "%.100s: no column '%.60s'; there are: %s",
                             column->name, name, first->listed);
    }
    *ret_is_named = !is_number && is_found;
    bool is_guessed = header == COLUMN_HEADER_GUESSED;
    if (is_guessed && *ret_is_named && first->is_numbers) {
        return no_telling(column, name, first->found_i);
    }
    if (is_guessed && is_number && first->is_numbered) {
        return no_telling(column, name, column_i);
    }
    if (*ret_is_named && first->n_found > 1) {
        return err_set(column->text, ERR_DATA,
                       "%.100s: %u columns are called '%.60s'; give a number: --column %u, or %u",
                       column->name, first->n_found, name, first->found_i, first->again_i);
    }
    column->column_i = *ret_is_named ? first->found_i : column_i;
    return OK;
}

enum err column_open(struct column *column, const char *file, struct slice bytes, const char *name,
                     enum column_header header, struct err_text *ret_text)
{
    static const char mark[] = "\xef\xbb\xbf"; /* Of UTF-8; spreadsheets write it. */
    *column = (struct column){.name = file, .bytes = bytes, .line = 1, .text = ret_text};
    if (bytes.n_bytes >= 3 && memcmp(bytes.bytes, mark, 3) == 0) {
        column->at = 3;
    }
    if (column->at == bytes.n_bytes) {
        return err_set(ret_text, ERR_DATA, "%.400s: is empty", file);
    }
    if (bytes.n_bytes >= 2 &&
        (memcmp(bytes.bytes, "\xff\xfe", 2) == 0 || memcmp(bytes.bytes, "\xfe\xff", 2) == 0)) {
        return err_set(
            ret_text, ERR_DATA,
            "%.300s: is UTF-16 by its byte order mark; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)",
            file);
    }
    struct first_row first;
    TRY(look_at_first(*column, name, &first));
    bool is_named = false;
    TRY(choose(column, name, &first, header, &is_named));
    struct column after = *column;
    struct slice cell;
    double value = 0.0;
    TRY(take_row(&after, &cell));
    enum cell_kind kind = kind_of(cell, &value);
    bool is_guessed = is_named || kind == CELL_TEXT || kind == CELL_MISSING;
    if (header == COLUMN_HEADER_FIRST || (header == COLUMN_HEADER_GUESSED && is_guessed)) {
        *column = after;
    }
    return OK;
}

enum err column_next(struct column *column, bool *ret_has_row, enum cell_kind *ret_kind,
                     double *ret_value)
{
    *ret_has_row = column->at < column->bytes.n_bytes;
    if (!*ret_has_row) {
        return OK;
    }
    struct slice cell;
    TRY(take_row(column, &cell));
    *ret_kind = kind_of(cell, ret_value);
    return OK;
}
