/* SPDX-License-Identifier: Apache-2.0 */
/* Counts calls to the outside and makes one of them, or all from one on, fail. */
#ifndef TESTS_FAULT_FAILING_H
#define TESTS_FAULT_FAILING_H

#include <stdbool.h>
#include <stdint.h>

/* Where calls are counted: each test arms one kind. */
enum failing_kind { FAILING_CALLS, FAILING_SQLITE_MEMORY, FAILING_SQLITE_FILES };

/* From now on call number n (from 1) of the kind fails; forever: and every later one. 0: none does, calls are only counted. */
void failing_arm(enum failing_kind kind, uint64_t n, bool forever);
/* Nothing fails any more. True when something did. */
bool failing_disarm(void);
/* Asked by each replaced call: true when it has to fail. */
bool failing_now(enum failing_kind kind);
/* The next n to try after n: every one at first, then further apart. */
uint64_t failing_next(uint64_t n);

/* A memory and a file system for SQLite that fail when told. Before the first use of SQLite. */
void failing_sqlite_install(void);

#endif
