/* SPDX-License-Identifier: Apache-2.0 */
/* A few words over SQLite: errors as ours, statements in one line. */
#ifndef REPLAY_SQL_H
#define REPLAY_SQL_H

#include <sqlite3.h>

#include "core/base/err.h"
#include "core/base/text.h"

#define JOURNAL_APPLICATION 0x53545744 /* "STWD" */
#define JOURNAL_VERSION 2

enum { FRAME_BODY_BYTES_MAX = 2 * 512 * 1024 + 16, SQL_SAID_BYTES = 200 };

/* What SQLite says may quote the file: what is not plain ASCII becomes a question mark. Cut when it is long. */
void sql_printable(struct slice said, char ret_chars[SQL_SAID_BYTES]);

/* Failure of a call: "journal PATH: DOING: what SQLite saw". Full disk and I/O errors are ERR_IO, corruption (and whatever else a file
 * that is only read does not allow) ERR_DATA. */
enum err sql_failure(sqlite3 *database, const char *path, const char *doing,
                     struct err_text *ret_text);
enum err sql_run(sqlite3 *database, const char *path, const char *doing, const char *statements,
                 struct err_text *ret_text) MUST_USE;
enum err sql_prepare(sqlite3 *database, const char *path, const char *statement,
                     sqlite3_stmt **ret_statement, struct err_text *ret_text) MUST_USE;
/* Steps a statement that returns no row, resets it and forgets what was bound. */
enum err sql_step(sqlite3 *database, const char *path, const char *doing, sqlite3_stmt *statement,
                  struct err_text *ret_text) MUST_USE;
/* Not copied: must stay until the step. A copy that failed would bind NULL, and the step would not tell. */
void sql_bind_blob(sqlite3_stmt *statement, int place, struct slice bytes);
void sql_bind_text(sqlite3_stmt *statement, int place, const char *text);
struct slice sql_column(sqlite3_stmt *statement, int place); /* Valid until the next step. */

#endif
