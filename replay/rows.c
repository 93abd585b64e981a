/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as bytes. */
#include "replay/rows.h"

#include <sodium.h>
#include <string.h>

enum { HEAD_BYTES = 9 /* Letter and number. */ };

struct cell {
    uint8_t head[HEAD_BYTES];
    size_t n_head;
    struct slice bytes;
};

static void read_cell(sqlite3_stmt *row, int column, struct cell *ret_cell)
{
    int type = sqlite3_column_type(row, column);
    uint64_t number = 0;
    char letter = 'n';
    ret_cell->bytes = (struct slice){"", 0};
    if (type == SQLITE_INTEGER) {
        letter = 'i';
        number = (uint64_t)sqlite3_column_int64(row, column);
    } else if (type == SQLITE_FLOAT) {
        double value = sqlite3_column_double(row, column);
        letter = 'f';
        memcpy(&number, &value, sizeof(number));
    } else if (type != SQLITE_NULL) {
        letter = type == SQLITE_TEXT ? 't' : 'b';
        ret_cell->bytes = sql_column(row, column);
        number = ret_cell->bytes.n_bytes;
    }
    ret_cell->head[0] = (uint8_t)letter;
    for (int i = 1; i < HEAD_BYTES; i++) {
        ret_cell->head[i] = (uint8_t)(number >> (64 - 8 * i));
    }
    ret_cell->n_head = letter == 'n' ? 1 : HEAD_BYTES;
}

enum err rows_digest(sqlite3 *database, const char *path, const char *select,
                     struct merkle_hash *ret_digest, struct err_text *ret_text)
{
    sqlite3_stmt *read = NULL;
    TRY(sql_prepare(database, path, select, &read, ret_text));
    crypto_hash_sha256_state state;
    struct cell cell;
    int code = SQLITE_ROW;
    (void)crypto_hash_sha256_init(&state); /* These cannot fail. */
    while ((code = sqlite3_step(read)) == SQLITE_ROW) {
        for (int column = 0; column < sqlite3_column_count(read); column++) {
            read_cell(read, column, &cell);
            (void)crypto_hash_sha256_update(&state, cell.head, cell.n_head);
            (void)crypto_hash_sha256_update(&state, (const uint8_t *)cell.bytes.bytes,
                                            cell.bytes.n_bytes);
        }
    }
    enum err err =
        code == SQLITE_DONE ? OK : sql_failure(database, path, "reading its rows", ret_text);
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    (void)crypto_hash_sha256_final(&state, ret_digest->bytes);
    return err;
}

static bool is_same_row(sqlite3_stmt *a, sqlite3_stmt *b)
{
    struct cell cell_a, cell_b;
    int n_columns = sqlite3_column_count(a);
    bool is_same = n_columns == sqlite3_column_count(b);
    for (int column = 0; column < n_columns && is_same; column++) {
        read_cell(a, column, &cell_a);
        read_cell(b, column, &cell_b);
        is_same = cell_a.n_head == cell_b.n_head &&
                  memcmp(cell_a.head, cell_b.head, cell_a.n_head) == 0 &&
                  slice_equal(cell_a.bytes, cell_b.bytes);
    }
    return is_same;
}

static bool is_answer(int code) { return code == SQLITE_ROW || code == SQLITE_DONE; }

enum err rows_compare(sqlite3 *a, sqlite3 *b, const char *path, const char *select,
                      uint64_t *ret_row, struct err_text *ret_text)
{
    sqlite3_stmt *read_a = NULL, *read_b = NULL;
    enum err err = sql_prepare(a, path, select, &read_a, ret_text);
    if (err == OK) {
        err = sql_prepare(b, path, select, &read_b, ret_text);
    }
    uint64_t row = 0;
    bool is_same = true;
    int code_a = SQLITE_ROW, code_b = SQLITE_ROW;
    while (err == OK && is_same && code_a == SQLITE_ROW) {
        row++;
        code_a = sqlite3_step(read_a);
        code_b = sqlite3_step(read_b);
        if (!is_answer(code_a) || !is_answer(code_b)) {
            err = sql_failure(is_answer(code_a) ? b : a, path, "reading its rows", ret_text);
        } else {
            is_same = code_a == code_b && (code_a == SQLITE_DONE || is_same_row(read_a, read_b));
        }
    }
    (void)sqlite3_finalize(read_a); /* Repeats the failure that was reported. */
    (void)sqlite3_finalize(read_b);
    if (err == OK) {
        *ret_row = is_same ? 0 : row;
    }
    return err;
}
