/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a journal to read it. */
#ifndef REPLAY_READER_H
#define REPLAY_READER_H

#include "replay/sql.h"

/* A journal of this version whose frames all belong to a run. The database is to be closed whatever is returned; NULL when there is none.
 * ERR_UNAVAILABLE: a running steward holds it. */
enum err reader_open(const char *path, sqlite3 **ret_database, struct err_text *ret_text) MUST_USE;

#endif
