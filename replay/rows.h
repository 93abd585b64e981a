/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a table as bytes, with the type of every cell: their digest, and where two tables differ. */
#ifndef REPLAY_ROWS_H
#define REPLAY_ROWS_H

#include "replay/merkle.h"
#include "replay/sql.h"

/* SHA-256 over the cells of the rows that select gives, one after the other. A cell is a letter and its value, numbers as 8 bytes big-endian:
 * 'i' integer, 'f' the bits of a double, 't' or 'b' length and bytes of a text or blob, 'n' nothing more. */
enum err rows_digest(sqlite3 *database, const char *path, const char *select,
                     struct merkle_hash *ret_digest, struct err_text *ret_text) MUST_USE;
/* Number (from 1) of the first row in which two databases answer differently; 0 when they do not. */
enum err rows_compare(sqlite3 *a, sqlite3 *b, const char *path, const char *select,
                      uint64_t *ret_row, struct err_text *ret_text) MUST_USE;

#endif
