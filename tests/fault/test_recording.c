/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded rows under failure of memory: whole or nothing, and nothing leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/formats/csv.h"
#include "tests/fault/failing.h"

static const char csv[] = "a,b,class\n1,2,0\n3,4,1\n5,6,UP\n";

static void recording_when_memory_fails_is_not_opened(void **state)
{
    (void)state;
    struct csv_request request = {
        .label = "class", .n_features = 2, .features = {"a", "b"}, .row_interval_ns = 60};
    struct slice bytes = {csv, strlen(csv) - strlen("5,6,UP\n")};
    for (int forever = 0; forever < 2; forever++) {
        for (uint64_t n = 1;; n++) {
            struct recording recording = {0};
            struct err_text text = {""};
            failing_arm(FAILING_CALLS, n, forever == 1);
            enum err err = recording_open("x.csv", bytes, &request, &recording, &text);
            bool has_failed = failing_disarm();
            assert_int_equal(err != OK, has_failed);
            if (err == OK) {
                assert_int_equal(recording.n_rows, 2);
                recording_close(&recording);
                assert_true(n > 1);
                break;
            }
            assert_int_equal(err, ERR_INTERNAL);
            assert_null(recording.features);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recording_when_memory_fails_is_not_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
