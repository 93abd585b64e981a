/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a journal. A row of tree says the root after so many frames; the closing one also has SHA-256 of the rows of the tables that
 * hold no frames. checkpoint has the same as signed notes, when there is a key. */
#include "replay/schema.h"

static const char tables[] =
    "CREATE TABLE run(id INTEGER PRIMARY KEY, arm TEXT NOT NULL, mind TEXT NOT NULL, scenario TEXT NOT NULL,"
    " seed INTEGER NOT NULL, plan TEXT NOT NULL, build TEXT NOT NULL, configuration TEXT NOT NULL,"
    " policy TEXT NOT NULL, knowledge TEXT NOT NULL, fingerprint TEXT NOT NULL);"
    "CREATE TABLE document(digest TEXT PRIMARY KEY, kind TEXT NOT NULL, body BLOB NOT NULL);"
    "CREATE TABLE frame(run INTEGER NOT NULL, seq INTEGER NOT NULL, at_ns INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, body BLOB NOT NULL, chain BLOB NOT NULL, UNIQUE(run, seq));"
    "CREATE TABLE truth(run INTEGER NOT NULL, seq INTEGER NOT NULL, at_ns INTEGER NOT NULL,"
    " kind TEXT NOT NULL, body BLOB NOT NULL);"
    "CREATE TABLE snapshot(run INTEGER NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL,"
    " UNIQUE(run, seq));"
    "CREATE TABLE tree(size INTEGER NOT NULL, root BLOB NOT NULL, signer TEXT NOT NULL, run_rows BLOB,"
    " document_rows BLOB, truth_rows BLOB, snapshot_rows BLOB);"
    "CREATE TABLE checkpoint(size INTEGER NOT NULL, note TEXT NOT NULL);";

enum err schema_create(sqlite3 *database, const char *path, struct err_text *ret_text)
{
    return sql_run(database, path, "creating its tables", tables, ret_text);
}
