/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded rows from CSV (RFC 4180), refused whole at the first row that is not what the header promised. Cells are not trimmed. */
#include "core/formats/csv.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"

#define FILE_BYTES_MAX                                                                             \
    ((size_t)256 * 1024 * 1024) /* As the header says: 2,000,000 rows of 128 bytes. */
#define MAGNITUDE_MAX 1e300 /* Squares and sums of what lies beyond leave the range of a double. */
#define EPOCH_S_MAX INT64_C(9000000000) /* The year 2255: in nanoseconds it still fits. */

enum {
    ROWS_MAX = 2000000,
    COLUMNS_MAX = 256,     /* Wider tables are no recordings of eight features. */
    SHOWN_BYTES = 32,      /* Of a foreign cell in a message. */
    NUMBER_BYTES_MAX = 64, /* More digits than any double needs. */
    FRACTION_DIGITS = 9,   /* Of a second. */
    COLUMN_UNUSED = -1,
    COLUMN_LABEL = -2,
    COLUMN_TIMESTAMP = -3
};

struct reader {
    const char *file;
    struct slice bytes;
    size_t at;
    uint32_t line;     /* Of byte at, from 1. */
    uint32_t row_line; /* On which the present row began. */
    const struct csv_request *request;
    uint32_t n_columns;
    int16_t columns[COLUMNS_MAX]; /* Index of a feature, or COLUMN_. */
    struct slice cells[COLUMNS_MAX];
    struct err_text *text;
};

/* A foreign cell for a message: cut, and what a terminal might obey replaced. */
static const char *shown(struct slice cell, char ret_shown[SHOWN_BYTES + 4])
{
    size_t n_bytes = cell.n_bytes < SHOWN_BYTES ? cell.n_bytes : SHOWN_BYTES;
    struct text text;
    text_init(&text, ret_shown, SHOWN_BYTES + 4);
    for (size_t i = 0; i < n_bytes; i++) {
        bool is_plain = cell.bytes[i] >= 0x20 && cell.bytes[i] < 0x7f;
        text_put_char(&text, is_plain ? cell.bytes[i] : '?');
    }
    if (n_bytes < cell.n_bytes) {
        text_put(&text, "...");
    }
    return ret_shown;
}

static enum err refuse(const struct reader *reader, const char *what)
{
    return err_set(reader->text, ERR_DATA, "%s: line %u: %s", reader->file, reader->row_line, what);
}

static enum err refuse_cell(const struct reader *reader, const char *column, struct slice cell,
                            const char *what)
{
    char word[SHOWN_BYTES + 4];
    return err_set(reader->text, ERR_DATA, "%s: line %u: column '%s': '%s' %s", reader->file,
                   reader->row_line, column, shown(cell, word), what);
}

static int next_byte(const struct reader *reader)
{
    return reader->at < reader->bytes.n_bytes ? (unsigned char)reader->bytes.bytes[reader->at] : -1;
}

/* What lies between the quotes, doubled ones left as they are: no number and no column name holds any. */
static enum err take_quoted(struct reader *reader, struct slice *ret_cell)
{
    size_t from = ++reader->at;
    for (;;) {
        int c = next_byte(reader);
        if (c < 0) {
            return refuse(reader, "a quoted cell does not end");
        }
        reader->at++;
        reader->line += c == '\n' ? 1 : 0;
        if (c == '"' && next_byte(reader) == '"') {
            reader->at++;
        } else if (c == '"') {
            *ret_cell = (struct slice){reader->bytes.bytes + from, reader->at - 1 - from};
            return OK;
        }
    }
}

static enum err take_cell(struct reader *reader, struct slice *ret_cell)
{
    if (next_byte(reader) == '"') {
        return take_quoted(reader, ret_cell);
    }
    size_t from = reader->at;
    for (int c = next_byte(reader); c >= 0 && c != ',' && c != '\n' && c != '\r';
         c = next_byte(reader)) {
        if (c == '"' || c == '\0') {
            return refuse(reader, c == '"' ? "a quote inside a cell that is not quoted"
                                           : "a NUL byte: this is no text");
        }
        reader->at++;
    }
    *ret_cell = (struct slice){reader->bytes.bytes + from, reader->at - from};
    return OK;
}

/* The cells of one row, its line break included. */
static enum err take_row(struct reader *reader, uint32_t *ret_n_cells)
{
    uint32_t n_cells = 0;
    reader->row_line = reader->line;
    for (;;) {
        if (n_cells == COLUMNS_MAX) {
            return refuse(reader, "more than 256 cells");
        }
        TRY(take_cell(reader, &reader->cells[n_cells++]));
        int c = next_byte(reader);
        reader->at += c >= 0 ? 1 : 0;
        bool is_returned = c == '\r';
        while (c == '\r') { /* Twice, when a file was converted twice. */
            c = next_byte(reader);
            reader->at += c >= 0 ? 1 : 0;
        }
        if (is_returned && c != '\n') {
            return refuse(reader, "a carriage return within the row: no line feed follows it");
        }
        if (c == '\n' || c < 0) {
            reader->line++;
            *ret_n_cells = n_cells;
            return OK;
        }
        if (c != ',') {
            return refuse(reader, "text after a quoted cell");
        }
    }
}

static enum err find_column(struct reader *reader, const char *name, int16_t role)
{
    bool is_found = false;
    for (uint32_t i = 0; i < reader->n_columns; i++) {
        if (!slice_equal(reader->cells[i], slice_of(name))) {
            continue;
        }
        if (is_found || reader->columns[i] != COLUMN_UNUSED) {
            return err_set(reader->text, ERR_DATA, "%s: line %u: column '%s' %s", reader->file,
                           reader->row_line, name,
                           is_found ? "is there twice" : "is asked for twice");
        }
        is_found = true;
        reader->columns[i] = role;
    }
    return is_found ? OK
                    : err_set(reader->text, ERR_DATA,
                              "%s: line %u: column '%s' is missing from the header", reader->file,
                              reader->row_line, name);
}

static enum err take_header(struct reader *reader)
{
    const struct csv_request *request = reader->request;
    TRY(take_row(reader, &reader->n_columns));
    for (uint32_t i = 0; i < reader->n_columns; i++) {
        reader->columns[i] = COLUMN_UNUSED;
    }
    TRY(find_column(reader, request->label, COLUMN_LABEL));
    if (request->timestamp[0] != '\0') {
        TRY(find_column(reader, request->timestamp, COLUMN_TIMESTAMP));
    }
    for (uint32_t i = 0; i < request->n_features; i++) {
        TRY(find_column(reader, request->features[i], (int16_t)i));
    }
    return OK;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static size_t skip_digits(struct slice text, size_t at)
{
    while (at < text.n_bytes && is_digit(text.bytes[at])) {
        at++;
    }
    return at;
}

/* [+-]digits[.digits][e[+-]digits], with digits on one side of the point at least. */
static bool is_decimal(struct slice cell)
{
    size_t at = cell.n_bytes > 0 && (cell.bytes[0] == '-' || cell.bytes[0] == '+') ? 1 : 0;
    size_t end = skip_digits(cell, at);
    size_t n_digits = end - at;
    if (end < cell.n_bytes && cell.bytes[end] == '.') {
        at = end + 1;
        end = skip_digits(cell, at);
        n_digits += end - at;
    }
    bool is_sound = n_digits > 0;
    if (is_sound && end < cell.n_bytes && (cell.bytes[end] == 'e' || cell.bytes[end] == 'E')) {
        at = end + 1;
        at += at < cell.n_bytes && (cell.bytes[at] == '-' || cell.bytes[at] == '+') ? 1 : 0;
        end = skip_digits(cell, at);
        is_sound = end > at;
    }
    return is_sound && end == cell.n_bytes;
}

static enum err read_number(const struct reader *reader, const char *column, struct slice cell,
                            double *ret_value)
{
    char digits[NUMBER_BYTES_MAX];
    if (cell.n_bytes == 0) {
        return refuse_cell(reader, column, cell, "is empty, not a number");
    }
    if (cell.n_bytes >= sizeof(digits) || !is_decimal(cell)) {
        return refuse_cell(reader, column, cell, "is not a finite number");
    }
    memcpy(digits, cell.bytes, cell.n_bytes);
    digits[cell.n_bytes] = '\0';
    double value = strtod(digits, NULL); /* The locale is always C: nobody sets another. */
    if (!(value >= -MAGNITUDE_MAX && value <= MAGNITUDE_MAX)) {
        return refuse_cell(reader, column, cell, "is out of range: beyond 1e300");
    }
    *ret_value = value;
    return OK;
}

/* Up to n_max digits as a number; false when there are none or more. */
static bool take_digits(struct slice text, size_t *at, size_t n_max, int64_t *ret_value)
{
    size_t end = skip_digits(text, *at);
    if (end == *at || end - *at > n_max) {
        return false;
    }
    int64_t value = 0;
    for (size_t i = *at; i < end; i++) {
        value = value * 10 + (text.bytes[i] - '0');
    }
    *at = end;
    *ret_value = value;
    return true;
}

static bool take_char(struct slice text, size_t *at, char wanted)
{
    bool is_it = *at < text.n_bytes && text.bytes[*at] == wanted;
    *at += is_it ? 1 : 0;
    return is_it;
}

/* Exactly two digits within 0 .. max. */
static bool take_two(struct slice text, size_t *at, int64_t max, int64_t *ret_value)
{
    size_t from = *at;
    return take_digits(text, at, 2, ret_value) && *at - from == 2 && *ret_value <= max;
}

/* ".123456789" or nothing, in nanoseconds. */
static bool take_fraction(struct slice text, size_t *at, int64_t *ret_ns)
{
    *ret_ns = 0;
    if (!take_char(text, at, '.')) {
        return true;
    }
    size_t from = *at;
    if (!take_digits(text, at, FRACTION_DIGITS, ret_ns)) {
        return false;
    }
    for (size_t i = *at - from; i < FRACTION_DIGITS; i++) {
        *ret_ns *= 10;
    }
    return true;
}

/* Days from 1970-01-01 of the proleptic Gregorian calendar, years from 1970 on. */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year; /* Years that begin in March. */
    int64_t era = y / 400, year_of_era = y % 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    bool is_short = month == 4 || month == 6 || month == 9 || month == 11;
    return month == 2 ? (is_leap ? 29 : 28) : is_short ? 30 : 31;
}

/* "Z", "+hh:mm", "-hh:mm" or nothing, in seconds east of UTC. */
static bool take_zone(struct slice text, size_t *at, int64_t *ret_s)
{
    *ret_s = 0;
    if (*at == text.n_bytes || take_char(text, at, 'Z')) {
        return true;
    }
    bool is_west = take_char(text, at, '-');
    int64_t hours = 0, minutes = 0;
    if (!is_west && !take_char(text, at, '+')) {
        return false;
    }
    if (!take_two(text, at, 14, &hours) || !take_char(text, at, ':') ||
        !take_two(text, at, 59, &minutes)) {
        return false;
    }
    *ret_s = (hours * 60 + minutes) * (is_west ? -60 : 60);
    return true;
}

/* "hh:mm[:ss[.fraction]][zone]". */
static bool take_clock(struct slice text, size_t *at, int64_t *ret_s, int64_t *ret_ns)
{
    int64_t hour = 0, minute = 0, second = 0, zone_s = 0;
    *ret_ns = 0;
    if (!take_two(text, at, 23, &hour) || !take_char(text, at, ':') ||
        !take_two(text, at, 59, &minute)) {
        return false;
    }
    if (take_char(text, at, ':') &&
        (!take_two(text, at, 59, &second) || !take_fraction(text, at, ret_ns))) {
        return false;
    }
    if (!take_zone(text, at, &zone_s)) {
        return false;
    }
    *ret_s = (hour * 60 + minute) * 60 + second - zone_s;
    return true;
}

/* "YYYY-MM-DD", with a clock after "T" or a blank. Without a zone it is UTC. */
static bool iso_time(struct slice cell, int64_t *ret_s, int64_t *ret_ns)
{
    size_t at = 0;
    int64_t year = 0, month = 0, day = 0, clock_s = 0;
    *ret_ns = 0;
    bool is_date = take_digits(cell, &at, 4, &year) && at == 4 && take_char(cell, &at, '-') &&
                   take_two(cell, &at, 12, &month) && take_char(cell, &at, '-') &&
                   take_two(cell, &at, 31, &day);
    if (!is_date || year < 1970 || month < 1 || day < 1 || day > days_in_month(year, month)) {
        return false;
    }
    if (at < cell.n_bytes && !take_char(cell, &at, 'T') && !take_char(cell, &at, ' ')) {
        return false;
    }
    if (at > 10 && !take_clock(cell, &at, &clock_s, ret_ns)) {
        return false;
    }
    *ret_s = days_from_civil(year, month, day) * 86400 + clock_s;
    return at == cell.n_bytes;
}

static bool epoch_time(struct slice cell, int64_t *ret_s, int64_t *ret_ns)
{
    size_t at = 0;
    return take_digits(cell, &at, 18, ret_s) && take_fraction(cell, &at, ret_ns) &&
           at == cell.n_bytes;
}

static enum err read_time(const struct reader *reader, struct slice cell, int64_t *ret_at)
{
    const char *column = reader->request->timestamp;
    int64_t s = 0, ns = 0;
    if (!epoch_time(cell, &s, &ns) && !iso_time(cell, &s, &ns)) {
        return refuse_cell(reader, column, cell,
                           "is not a time: ISO 8601 from 1970 on, or epoch seconds");
    }
    if (s < 0 || s > EPOCH_S_MAX) {
        return refuse_cell(reader, column, cell,
                           "is out of range: the years 1970 to 2254, epochs in seconds");
    }
    *ret_at = s * INT64_C(1000000000) + ns;
    return OK;
}

static enum err read_label(const struct reader *reader, struct slice cell, uint8_t *ret_label)
{
    bool is_one = slice_equal(cell, slice_of("1"));
    if (!is_one && !slice_equal(cell, slice_of("0"))) {
        return refuse_cell(reader, reader->request->label, cell, "is not a label: 0 or 1");
    }
    *ret_label = is_one ? 1 : 0;
    return OK;
}

/* Time of a row without a timestamp. */
static enum err interval_time(const struct reader *reader, uint32_t row_i, int64_t *ret_at)
{
    int64_t interval = reader->request->row_interval_ns;
    if (row_i > 0 && interval > INT64_MAX / row_i) {
        return refuse(reader, "the time of this row is out of range");
    }
    *ret_at = interval * row_i;
    return OK;
}

static enum err read_row(struct reader *reader, uint32_t n_cells, struct recording *recording)
{
    uint32_t row_i = recording->n_rows;
    double *features = recording->features + (size_t)row_i * recording->n_features;
    if (n_cells > reader->n_columns) {
        char word[SHOWN_BYTES + 4];
        return err_set(reader->text, ERR_DATA,
                       "%s: line %u: %u cells, the header has %u: '%s' is extra", reader->file,
                       reader->row_line, n_cells, reader->n_columns,
                       shown(reader->cells[reader->n_columns], word));
    }
    if (n_cells != reader->n_columns) {
        return err_set(reader->text, ERR_DATA, "%s: line %u: %u cells, the header has %u",
                       reader->file, reader->row_line, n_cells, reader->n_columns);
    }
    if (reader->request->timestamp[0] == '\0') {
        TRY(interval_time(reader, row_i, &recording->at[row_i]));
    }
    for (uint32_t i = 0; i < n_cells; i++) {
        int16_t column = reader->columns[i];
        if (column == COLUMN_LABEL) {
            TRY(read_label(reader, reader->cells[i], &recording->labels[row_i]));
        } else if (column == COLUMN_TIMESTAMP) {
            TRY(read_time(reader, reader->cells[i], &recording->at[row_i]));
        } else if (column >= 0) {
            TRY(read_number(reader, reader->request->features[column], reader->cells[i],
                            &features[column]));
        }
    }
    if (row_i > 0 && recording->at[row_i] <= recording->at[row_i - 1]) {
        return refuse(reader, "its time is not after the time of the row before");
    }
    recording->n_rows++;
    return OK;
}

static enum err take_rows(struct reader *reader, uint32_t n_rows_max, struct recording *recording)
{
    while (reader->at < reader->bytes.n_bytes) {
        uint32_t n_cells = 0;
        TRY(take_row(reader, &n_cells));
        if (recording->n_rows == n_rows_max) {
            return refuse(reader, "more than 2000000 rows");
        }
        TRY(read_row(reader, n_cells, recording));
    }
    reader->row_line = reader->line;
    return recording->n_rows > 0 ? OK : refuse(reader, "no row follows the header");
}

/* Rows that there can be: line breaks and a last row without one. */
static uint32_t rows_at_most(struct slice bytes)
{
    uint32_t n = 1;
    const char *end = bytes.bytes + bytes.n_bytes;
    const char *at = memchr(bytes.bytes, '\n', bytes.n_bytes);
    while (at != NULL && n < ROWS_MAX) {
        n++;
        at = memchr(at + 1, '\n', (size_t)(end - (at + 1)));
    }
    return n;
}

static enum err read_file(struct reader *reader, struct recording *recording)
{
    static const char mark[] = "\xef\xbb\xbf"; /* Of UTF-8; spreadsheets write it. */
    if (reader->bytes.n_bytes >= 3 && memcmp(reader->bytes.bytes, mark, 3) == 0) {
        reader->at = 3;
    }
    if (reader->at == reader->bytes.n_bytes) {
        return refuse(reader, "the file is empty: expected a header");
    }
    TRY(take_header(reader));
    uint32_t n_rows_max = rows_at_most(reader->bytes);
    recording->n_features = reader->request->n_features;
    recording->features = malloc((size_t)n_rows_max * (recording->n_features + 1) * sizeof(double));
    recording->labels = malloc(n_rows_max);
    recording->at = malloc(n_rows_max * sizeof(int64_t));
    if (recording->features == NULL || recording->labels == NULL || recording->at == NULL) {
        return err_set(reader->text, ERR_INTERNAL, "%s: out of memory for %u rows", reader->file,
                       n_rows_max);
    }
    return take_rows(reader, n_rows_max, recording);
}

enum err recording_open(const char *name, struct slice bytes, const struct csv_request *request,
                        struct recording *ret_recording, struct err_text *ret_text)
{
    ASSERT(request->n_features <= FEATURES_MAX);
    ASSERT(request->timestamp[0] != '\0' || request->row_interval_ns > 0);
    if (bytes.n_bytes > FILE_BYTES_MAX) {
        return err_set(ret_text, ERR_DATA, "%s: %zu bytes, at most 256 MiB are read", name,
                       bytes.n_bytes);
    }
    struct reader *reader = malloc(sizeof(*reader));
    if (reader == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "%s: out of memory", name);
    }
    *reader = (struct reader){
        .file = name, .bytes = bytes, .line = 1, .row_line = 1, .request = request, .text = ret_text};
    struct recording recording = {0};
    enum err err = read_file(reader, &recording);
    free(reader);
    if (err != OK) {
        recording_close(&recording);
        return err;
    }
    *ret_recording = recording;
    return OK;
}

void recording_close(struct recording *recording)
{
    free(recording->features);
    free(recording->labels);
    free(recording->at);
    *recording = (struct recording){0};
}
