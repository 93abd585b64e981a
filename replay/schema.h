/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a journal, without the projections. */
#ifndef REPLAY_SCHEMA_H
#define REPLAY_SCHEMA_H

#include "replay/sql.h"

enum err schema_create(sqlite3 *database, const char *path, struct err_text *ret_text) MUST_USE;

#endif
