/* SPDX-License-Identifier: Apache-2.0 */
/* Projections of a journal's frames into tables that people query; built from the frames alone. */
#ifndef REPLAY_PROJECT_H
#define REPLAY_PROJECT_H

#include "replay/sql.h"

/* Names of their tables; NULL after the last. */
extern const char *const projection_tables[];

/* Their empty tables. */
enum err project_create(sqlite3 *database, const char *path, struct err_text *ret_text) MUST_USE;
/* Rows from the frames of one database into the tables of another, which may be the same. */
enum err project(sqlite3 *from, sqlite3 *into, const char *path, struct err_text *ret_text) MUST_USE;

#endif
