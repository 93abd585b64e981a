/* SPDX-License-Identifier: Apache-2.0 */
/* The file of real changes and --set: what is taken, and what is refused with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/detect_in.h"

static struct changes truth;
static struct err_text text;

static enum err read_changes(const char *bytes)
{
    free(truth.at);
    truth = (struct changes){0};
    return truth_read("t.csv", slice_of(bytes), 9, &truth, &text);
}

static void assert_read(const char *bytes, uint64_t n)
{
    assert_int_equal(read_changes(bytes), OK);
    assert_int_equal(truth.n, n);
}

static void assert_refused(const char *bytes, const char *tells)
{
    assert_int_equal(read_changes(bytes), ERR_DATA);
    if (strstr(text.text, tells) == NULL) {
        fail_msg("'%s' lacks '%s'", text.text, tells);
    }
}

static void truth_when_good_is_in_order(void **state)
{
    (void)state;
    assert_read("500\r\n\n 100 , 200 ", 2);
    assert_int_equal(truth.at[0].from, 100);
    assert_int_equal(truth.at[0].to, 200);
    assert_int_equal(truth.at[1].from, 500);
    assert_int_equal(truth.at[1].to, 509);
    assert_int_equal(truth.farthest, 500);
    assert_int_equal(truth.farthest_line, 1);
}

static void truth_when_its_first_line_is_a_known_header_passes_it_over(void **state)
{
    (void)state;
    assert_read("row\n7\n", 1);
    assert_read("First, Last\r\n7,8\n", 1);
    assert_read("\xef\xbb\xbfstart,end\n7,8\n", 1);
    assert_read("row\n", 0); /* No change is known: every alarm is false. */
    assert_int_equal(truth.at == NULL, 1);
}

static void truth_when_its_first_line_is_spoilt_is_refused(void **state)
{
    (void)state;
    assert_refused("x1000\n1200\n", "t.csv: line 1: wants `row` or `first,last`");
    assert_refused("abc", "t.csv: line 1:");
    assert_refused("-5\n7\n", "t.csv: line 1:");
    assert_refused("row,\n7\n", "t.csv: line 1:");
    assert_refused("row,x\n7\n", "t.csv: line 1:");
    assert_refused("first,last,why\n7\n", "t.csv: line 1:");
    assert_refused("7\nrow\n", "t.csv: line 2:");
    assert_refused("\n9,8\n", "t.csv: line 2:");
    assert_refused("5\n5,7\n", "two changes at row 5");
    assert_refused("1234567890123456\n", "t.csv: line 1:");
}

static void setting_when_taken_stays_within_its_range(void **state)
{
    (void)state;
    enum detector_kind kind = N_DETECTOR_KINDS;
    assert_int_equal(detector_choose("ddm", &kind, &text), OK);
    assert_int_equal(kind, DETECTOR_DDM);
    assert_int_equal(detector_choose("dmd", &kind, &text), ERR_USAGE);
    struct detector_settings settings = detector_defaults(DETECTOR_DDM);
    assert_int_equal(setting_take(DETECTOR_DDM, "warm_start=40", &settings, &text), OK);
    assert_true(settings.values[0] >= 40.0 && settings.values[0] <= 40.0);
    static const char *const bad[] = {"",
                                      "=",
                                      "warm_start",
                                      "warm_start=",
                                      "warm_start=nan",
                                      "x=1",
                                      "warm_start=1e99",
                                      "warm_start=3.5"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(setting_take(DETECTOR_DDM, bad[i], &settings, &text), ERR_USAGE);
        assert_true(settings.values[0] >= 40.0 && settings.values[0] <= 40.0);
    }
}

static int leave(void **state)
{
    (void)state;
    free(truth.at);
    truth = (struct changes){0};
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truth_when_good_is_in_order),
        cmocka_unit_test(truth_when_its_first_line_is_a_known_header_passes_it_over),
        cmocka_unit_test(truth_when_its_first_line_is_spoilt_is_refused),
        cmocka_unit_test(setting_when_taken_stays_within_its_range),
    };
    return cmocka_run_group_tests(tests, NULL, leave);
}
