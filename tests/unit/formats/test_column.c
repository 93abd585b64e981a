/* SPDX-License-Identifier: Apache-2.0 */
/* A column as it comes: headers, quotes, and every kind of cell that is no number. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/formats/column.h"

enum { CELLS_MAX = 64 };
static double values[CELLS_MAX];
static enum cell_kind kinds[CELLS_MAX];
static struct err_text text;

/* Rows read. */
static size_t read_as(const char *bytes, const char *name, enum column_header header)
{
    struct column column;
    size_t n = 0;
    assert_int_equal(column_open(&column, "t.csv", slice_of(bytes), name, header, &text), OK);
    for (bool has_row = true;; n++) {
        enum cell_kind kind = N_CELL_KINDS;
        double value = -1.0;
        assert_int_equal(column_next(&column, &has_row, &kind, &value), OK);
        if (!has_row) {
            return n;
        }
        assert_true(n < CELLS_MAX);
        kinds[n] = kind;
        values[n] = value;
    }
}

static size_t read_column(const char *bytes, const char *name)
{
    return read_as(bytes, name, COLUMN_HEADER_GUESSED);
}

static void assert_refused(const char *bytes, const char *name, const char *tells)
{
    struct column column;
    assert_int_equal(
        column_open(&column, "t.csv", slice_of(bytes), name, COLUMN_HEADER_GUESSED, &text), ERR_DATA);
    if (strstr(text.text, tells) == NULL) {
        fail_msg("'%s' lacks '%s'", text.text, tells);
    }
}

static void assert_value(size_t i, double expected)
{
    assert_int_equal(kinds[i], CELL_NUMBER);
    assert_true(values[i] >= expected && values[i] <= expected);
}

static void column_when_named_reads_its_numbers(void **state)
{
    (void)state;
    assert_int_equal(read_column("a,b,c\n1,2.5,3\r\n4,-5e-1,6\n7,+.5,9", "b"), 3);
    assert_value(0, 2.5);
    assert_value(1, -0.5);
    assert_value(2, 0.5);
    assert_int_equal(read_column("\xef\xbb\xbf"
                                 "x\n1\n",
                                 "x"),
                     1);
    assert_value(0, 1.0);
}

static void column_when_numbered_needs_no_header(void **state)
{
    (void)state;
    assert_int_equal(read_column("1,2\n3,4\n", "1"), 2);
    assert_value(1, 4.0);
    assert_int_equal(read_column("a,b\n3,4\n", "1"), 1);
    assert_value(0, 4.0);
    assert_int_equal(read_column("0\n1\n", "0"), 2); /* A stream. */
}

static void column_when_the_first_row_is_numbers_is_not_guessed(void **state)
{
    (void)state;
    assert_refused("0,1\n6,7\n", "1", "--header, or --no-header --column 1");
    assert_refused("1999,2000\n6,7\n", "2000", "--header, or --no-header --column 1");
    assert_int_equal(read_as("0,1\n6,7\n", "1", COLUMN_HEADER_NONE), 2);
    assert_value(0, 1.0);
    assert_int_equal(read_as("0,1\n6,7\n", "1", COLUMN_HEADER_FIRST), 1);
    assert_value(0, 7.0);
    assert_int_equal(read_as("1999,2000\n6,7\n", "2000", COLUMN_HEADER_FIRST), 1);
    assert_value(0, 7.0);
    assert_int_equal(read_as("NA\n1\n", NULL, COLUMN_HEADER_NONE), 2);
    assert_int_equal(kinds[0], CELL_MISSING);
    struct column column;
    assert_int_equal(
        column_open(&column, "t.csv", slice_of("a,b\n1,2\n"), "b", COLUMN_HEADER_NONE, &text),
        ERR_DATA);
    assert_string_equal(text.text, "t.csv: no column 'b'; without a header there are 0 to 1");
}

static void column_open_when_a_name_is_of_two_columns_is_refused(void **state)
{
    (void)state;
    assert_refused("x,y,x\n1,2,3\n", "x",
                   "2 columns are called 'x'; give a number: --column 0, or 2");
    assert_int_equal(read_column("x,y,x\n1,2,3\n", "y"), 1);
    assert_value(0, 2.0);
    assert_int_equal(read_column("x,y,x\n1,2,3\n", "2"), 1);
    assert_value(0, 3.0);
}

static void column_open_when_bytes_are_utf16_says_so(void **state)
{
    (void)state;
    assert_refused("\xff\xfex", NULL, "t.csv: is UTF-16");
    assert_refused("\xfe\xffx", "x", "t.csv: is UTF-16");
}

static void column_when_there_is_one_needs_no_name(void **state)
{
    (void)state;
    assert_int_equal(read_column("1\n2\n3\n", NULL), 3);
    assert_int_equal(read_column("x\n1\n2", NULL), 2);
    assert_value(1, 2.0);
}

static void column_when_cells_are_no_numbers_says_which_kind(void **state)
{
    (void)state;
    static const char bytes[] =
        "a,x\n1,\n2,NA\n3,NaN\n4,-inf\n5,Infinity\n6,1e999\n7,abc\n8\n9, 5 \n"
        "10,\"6\"\n11,\"a \"\"b\"\"\nc\"\n12,0x10\n13,1e\n14,null\n15,1e151\n\n16,7\n";
    static const enum cell_kind expected[] = {
        CELL_MISSING, CELL_MISSING, CELL_NAN,      CELL_INFINITE, CELL_INFINITE, CELL_INFINITE,
        CELL_TEXT,    CELL_MISSING, CELL_NUMBER,   CELL_NUMBER,   CELL_TEXT,     CELL_TEXT,
        CELL_TEXT,    CELL_MISSING, CELL_INFINITE, CELL_MISSING,  CELL_NUMBER};
    assert_int_equal(read_column(bytes, "x"), sizeof(expected) / sizeof(expected[0]));
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_int_equal(kinds[i], expected[i]);
        assert_true(kinds[i] == CELL_NUMBER || (values[i] >= 0.0 && values[i] <= 0.0));
    }
    assert_value(8, 5.0);
    assert_value(9, 6.0);
    assert_value(16, 7.0);
}

static void column_open_when_column_is_not_there_lists_those_that_are(void **state)
{
    (void)state;
    assert_refused("a,b\n1,2\n", "c", "t.csv: no column 'c'; there are: a, b");
    assert_refused("a,b\n1,2\n", "2", "there are: a, b");
    assert_refused("a,b\n1,2\n", NULL, "2 columns and none is chosen; there are: a, b");
    assert_refused("a\x01,b\n1,2\n", "c", "there are: a?, b");
    assert_refused("", NULL, "t.csv: is empty");
    assert_refused("a,\"b\n1,2\n", "a", "t.csv: line 1: a quoted cell does not end");
}

static void column_next_when_quotes_do_not_end_tells_the_line(void **state)
{
    (void)state;
    struct column column;
    bool has_row = false;
    enum cell_kind kind;
    double value;
    assert_int_equal(column_open(&column, "t.csv", slice_of("x\n1\n\"2\n3\n"), "x",
                                 COLUMN_HEADER_GUESSED, &text),
                     OK);
    assert_int_equal(column_next(&column, &has_row, &kind, &value), OK);
    assert_int_equal(column_next(&column, &has_row, &kind, &value), ERR_DATA);
    assert_string_equal(text.text, "t.csv: line 3: a quoted cell does not end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(column_when_named_reads_its_numbers),
        cmocka_unit_test(column_when_numbered_needs_no_header),
        cmocka_unit_test(column_when_the_first_row_is_numbers_is_not_guessed),
        cmocka_unit_test(column_open_when_a_name_is_of_two_columns_is_refused),
        cmocka_unit_test(column_open_when_bytes_are_utf16_says_so),
        cmocka_unit_test(column_when_there_is_one_needs_no_name),
        cmocka_unit_test(column_when_cells_are_no_numbers_says_which_kind),
        cmocka_unit_test(column_open_when_column_is_not_there_lists_those_that_are),
        cmocka_unit_test(column_next_when_quotes_do_not_end_tells_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
