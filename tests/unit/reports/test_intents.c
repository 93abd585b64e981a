/* SPDX-License-Identifier: Apache-2.0 */
/* An intent without an outcome is counted, whatever else was recorded of its action meanwhile. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "reports/intents.h"

static sqlite3 *database;

static int make(void **state)
{
    (void)state;
    return sqlite3_open(":memory:", &database) == SQLITE_OK &&
                   sqlite3_exec(
                       database,
                       "CREATE TABLE action(run INTEGER, seq INTEGER, at_ns INTEGER, incident INTEGER, model INTEGER,"
                       " action INTEGER, verb TEXT, step TEXT, state TEXT)",
                       NULL, NULL, NULL) == SQLITE_OK
               ? 0
               : 1;
}

static int drop(void **state)
{
    (void)state;
    return sqlite3_close(database) == SQLITE_OK ? 0 : 1;
}

/* A row of an action of run 1, later than all others. */
static void put(int action, const char *step, const char *state)
{
    char statement[256];
    (void)snprintf(
        statement, sizeof(statement),
        "INSERT INTO action SELECT 1, count(*) + 1, (count(*) + 1) * 10, 3, 1, %d, 'rollback', '%s', '%s' FROM action",
        action, step, state);
    assert_int_equal(sqlite3_exec(database, statement, NULL, NULL, NULL), SQLITE_OK);
}

/* Actions of the open intents, one digit each. */
static void are_open(const char *wanted)
{
    sqlite3_stmt *row = NULL;
    char seen[32] = "";
    size_t n = 0;
    assert_int_equal(sqlite3_prepare_v2(database, intents_open_query, -1, &row, NULL), SQLITE_OK);
    while (sqlite3_step(row) == SQLITE_ROW) {
        assert_true(n + 1 < sizeof(seen));
        seen[n++] = (char)('0' + sqlite3_column_int(row, 1));
    }
    assert_int_equal(sqlite3_finalize(row), SQLITE_OK);
    assert_string_equal(seen, wanted);
}

/* From and to of the k-th intent; to -1: open. */
static void is_length(int k, int64_t from, int64_t to)
{
    sqlite3_stmt *row = NULL;
    assert_int_equal(sqlite3_prepare_v2(database, intents_length_query, -1, &row, NULL), SQLITE_OK);
    for (int i = 0; i <= k; i++) {
        assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    }
    assert_int_equal(sqlite3_column_int64(row, 1), from);
    assert_int_equal(sqlite3_column_type(row, 2) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, 2),
                     to);
    assert_int_equal(sqlite3_finalize(row), SQLITE_OK);
}

static void intent_when_only_locked_or_read_stays_open(void **state)
{
    (void)state;
    put(1, "intent", "checking");
    are_open("1");
    put(1, "locked", "checking");
    put(1, "unlocked", "reading back");
    put(1, "reconciled", "reading back");
    put(1, "canary", "applied");
    are_open("1");
    is_length(0, 10, -1);
    put(2, "outcome", "applied"); /* Of another action. */
    are_open("1");
    put(1, "outcome", "failed");
    are_open("");
    is_length(0, 10, 70);
}

static void intent_when_an_end_is_on_record_is_closed(void **state)
{
    (void)state;
    static const struct {
        const char *step, *state;
    } ends[] = {{"outcome", "applied"},   {"outcome", "failed"},    {"verified", "applied"},
                {"verified", "verified"}, {"undo", "undoing"},      {"reconciled", "applied"},
                {"reconciled", "failed"}, {"reconciled", "expired"}};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        put((int)i + 1, "intent", "checking");
        put((int)i + 1, ends[i].step, ends[i].state);
    }
    are_open("");
}

/* Each attempt has an outcome of its own: that of the first does not close the second, nor the other way round. */
static void attempts_when_one_has_no_outcome_are_told_apart(void **state)
{
    (void)state;
    put(1, "intent", "checking");
    put(1, "outcome", "failed");
    put(1, "locked", "checking");
    put(1, "intent", "checking");
    are_open("1");
    is_length(0, 10, 20);
    is_length(1, 40, -1);
    put(1, "intent", "checking");
    put(1, "outcome", "applied");
    are_open("1");
    is_length(1, 40, -1);
    is_length(2, 50, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(intent_when_only_locked_or_read_stays_open, make, drop),
        cmocka_unit_test_setup_teardown(intent_when_an_end_is_on_record_is_closed, make, drop),
        cmocka_unit_test_setup_teardown(attempts_when_one_has_no_outcome_are_told_apart, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
