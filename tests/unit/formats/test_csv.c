/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded rows from CSV: what is read, and which row is refused for what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/formats/csv.h"

static const struct csv_request two = {.label = "class",
                                       .n_features = 2,
                                       .features = {"price", "demand"},
                                       .row_interval_ns = 1800 * NS_PER_S};
static const struct csv_request timed = {
    .label = "class", .n_features = 1, .features = {"price"}, .timestamp = "time"};

static struct recording recording;
static struct err_text text;

static void assert_read(const char *bytes, const struct csv_request *request)
{
    if (recording_open("r.csv", slice_of(bytes), request, &recording, &text) != OK) {
        fail_msg("%s", text.text);
    }
}

static void assert_refused_bytes(struct slice bytes, const struct csv_request *request,
                                 const char *message)
{
    memset(&text, 0, sizeof(text));
    memset(&recording, 0, sizeof(recording));
    char *copy =
        malloc(bytes.n_bytes + 1); /* The exact length, so that a sanitizer sees a read beyond. */
    assert_non_null(copy);
    memcpy(copy, bytes.bytes, bytes.n_bytes);
    enum err err =
        recording_open("r.csv", (struct slice){copy, bytes.n_bytes}, request, &recording, &text);
    free(copy);
    assert_int_equal(err, ERR_DATA);
    assert_null(recording.features);
    assert_string_equal(text.text, message);
}

static void assert_refused(const char *bytes, const char *message)
{
    assert_refused_bytes(slice_of(bytes), &two, message);
}

static void rows_when_sound_are_read_in_the_order_of_the_request(void **state)
{
    (void)state;
    assert_read("demand,note,class,price\n1.5,x,1,-2e-3\n+2,,0,.5\n", &two);
    assert_int_equal(recording.n_rows, 2);
    assert_int_equal(recording.n_features, 2);
    assert_true(recording.features[0] == -2e-3);
    assert_true(recording.features[1] == 1.5);
    assert_true(recording.features[2] == 0.5);
    assert_true(recording.features[3] == 2.0);
    assert_int_equal(recording.labels[0], 1);
    assert_int_equal(recording.labels[1], 0);
    assert_true(recording.at[0] == 0);
    assert_true(recording.at[1] == 1800 * NS_PER_S);
    recording_close(&recording);
    assert_null(recording.features);
}

static void rows_when_their_line_breaks_were_converted_are_read(void **state)
{
    (void)state;
    assert_read("price,demand,class\r\n1,2,0\r\n3,4,1\r\r\n5,6,0\n", &two);
    assert_int_equal(recording.n_rows, 3);
    assert_true(recording.features[5] == 6.0);
    recording_close(&recording);
}

static void rows_when_quoted_as_rfc_4180_says_are_read(void **state)
{
    (void)state;
    assert_read("\xef\xbb\xbf\"price\",\"demand\",\"class\",\"a, \"\"note\"\"\"\r\n"
                "\"1\",2,\"0\",\"two\r\nlines, \"\"quoted\"\"\"\r\n"
                "3,4,1,",
                &two);
    assert_int_equal(recording.n_rows, 2);
    assert_true(recording.features[0] == 1.0);
    assert_true(recording.features[3] == 4.0);
    assert_int_equal(recording.labels[1], 1);
    recording_close(&recording);
}

static void file_when_not_a_table_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_refused("", "r.csv: line 1: the file is empty: expected a header");
    assert_refused("\xef\xbb\xbf", "r.csv: line 1: the file is empty: expected a header");
    assert_refused("price,demand,class\n", "r.csv: line 2: no row follows the header");
    assert_refused("price,demand,class", "r.csv: line 2: no row follows the header");
    assert_refused("price,class\n1,1\n", "r.csv: line 1: column 'demand' is missing from the header");
    assert_refused("price,demand\n1,1\n", "r.csv: line 1: column 'class' is missing from the header");
    assert_refused("price,demand,class,price\n", "r.csv: line 1: column 'price' is there twice");
    assert_refused("price,demand,class\n1,2,0\n1,2\n", "r.csv: line 3: 2 cells, the header has 3");
    assert_refused("price,demand,class\n1,2,0,4\n",
                   "r.csv: line 2: 4 cells, the header has 3: '4' is extra");
    assert_refused("price,demand,class\n1,2,0\n\n", "r.csv: line 3: 1 cells, the header has 3");
    assert_refused("price,demand,class\n\"1,2,0\n1,2,0\n",
                   "r.csv: line 2: a quoted cell does not end");
    assert_refused("price,demand,class\n\"1\"2,2,0\n", "r.csv: line 2: text after a quoted cell");
    assert_refused("price,demand,class\n1\"2,2,0\n",
                   "r.csv: line 2: a quote inside a cell that is not quoted");
    assert_refused("price,demand,class\n1,2,0\r1,2,0\n",
                   "r.csv: line 2: a carriage return within the row: no line feed follows it");
    assert_refused("price,demand,class\r\n1,2,0\r,7\r\n",
                   "r.csv: line 2: a carriage return within the row: no line feed follows it");
    assert_refused("price,demand,class\r\n1,2,0,7\r\n",
                   "r.csv: line 2: 4 cells, the header has 3: '7' is extra");
    assert_refused("price,demand,class,n\n1,2,0,\"a\nb\"\n1,2,0\n",
                   "r.csv: line 4: 3 cells, the header has 4");
    assert_refused_bytes((struct slice){"price,demand,class\n1,\0,0\n", 25}, &two,
                         "r.csv: line 2: a NUL byte: this is no text");
    assert_refused_bytes((struct slice){"\x89PNG\r\n\x1a\n\0\0", 10}, &two,
                         "r.csv: line 1: column 'class' is missing from the header");
}

static void cell_when_not_a_finite_number_is_refused_with_line_and_column(void **state)
{
    (void)state;
    static const struct cell {
        const char *cell, *complaint;
    } cells[] = {
        {"", "'' is empty, not a number"},
        {"x", "'x' is not a finite number"},
        {"NaN", "'NaN' is not a finite number"},
        {"nan", "'nan' is not a finite number"},
        {"inf", "'inf' is not a finite number"},
        {"-Infinity", "'-Infinity' is not a finite number"},
        {"0x1p3", "'0x1p3' is not a finite number"},
        {" 1", "' 1' is not a finite number"},
        {"1 ", "'1 ' is not a finite number"},
        {"1e", "'1e' is not a finite number"},
        {".", "'.' is not a finite number"},
        {"1e308", "'1e308' is out of range: beyond 1e300"},
        {"-1e308", "'-1e308' is out of range: beyond 1e300"},
        {"1e999", "'1e999' is out of range: beyond 1e300"},
        {"\x1b[31m", "'?[31m' is not a finite number"},
        {"1234567890123456789012345678901234567890123456789012345678901234",
         "'12345678901234567890123456789012...' is not a finite number"},
    };
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        char bytes[256], message[256];
        struct text writer;
        text_init(&writer, bytes, sizeof(bytes));
        text_put(&writer, "price,demand,class\n1,2,0\n1,");
        text_put(&writer, cells[i].cell);
        text_put(&writer, ",1\n");
        text_init(&writer, message, sizeof(message));
        text_put(&writer, "r.csv: line 3: column 'demand': ");
        text_put(&writer, cells[i].complaint);
        assert_refused(bytes, message);
    }
    assert_read("price,demand,class\n1e300,-1e-320,1\n", &two);
    assert_true(recording.features[0] == 1e300);
    recording_close(&recording);
}

static void label_when_not_zero_or_one_is_refused(void **state)
{
    (void)state;
    assert_refused("price,demand,class\n1,2,2\n",
                   "r.csv: line 2: column 'class': '2' is not a label: 0 or 1");
    assert_refused("price,demand,class\n1,2,UP\n",
                   "r.csv: line 2: column 'class': 'UP' is not a label: 0 or 1");
    assert_refused("price,demand,class\n1,2,\n",
                   "r.csv: line 2: column 'class': '' is not a label: 0 or 1");
    struct csv_request same = two;
    memcpy(same.features[1], "class", sizeof("class"));
    assert_refused_bytes(slice_of("price,class\n1,1\n"), &same,
                         "r.csv: line 1: column 'class' is asked for twice");
}

struct moment {
    const char *cell;
    int64_t s, ns;
};

static void time_when_iso_or_epoch_is_nanoseconds_of_utc(void **state)
{
    (void)state;
    static const struct moment moments[] = {
        {"0", 0, 0},
        {"1700000000", 1700000000, 0},
        {"1700000000.25", 1700000000, 250000000},
        {"1970-01-01", 0, 0},
        {"2000-02-29T12:34:56Z", 951827696, 0},
        {"2000-02-29 12:34:56", 951827696, 0},
        {"2000-02-29T12:34", 951827640, 0},
        {"2000-02-29T12:34:56.000000001Z", 951827696, 1},
        {"2000-02-29T12:34:56+05:30", 951807896, 0},
        {"2000-02-29T12:34:56-01:00", 951831296, 0},
        {"2254-12-31T23:59:59Z", 8993721599, 0},
    };
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        char bytes[128];
        struct text writer;
        text_init(&writer, bytes, sizeof(bytes));
        text_put(&writer, "time,price,class\n");
        text_put(&writer, moments[i].cell);
        text_put(&writer, ",1,0\n");
        assert_read(bytes, &timed);
        assert_true(recording.at[0] == moments[i].s * NS_PER_S + moments[i].ns);
        recording_close(&recording);
    }
}

static void time_when_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const cells[] = {"",
                                        "-1",
                                        "yesterday",
                                        "2000-02-30",
                                        "2001-02-29",
                                        "1900-01-01",
                                        "2000-13-01",
                                        "2000-00-01",
                                        "2000-1-1",
                                        "2000-01-01T",
                                        "2000-01-01T24:00:00Z",
                                        "2000-01-01T12:60",
                                        "2000-01-01T12:00:60",
                                        "2000-01-01T12:00:00.",
                                        "2000-01-01T12:00:00z",
                                        "2000-01-01T12:00:00+1",
                                        "2000-01-01x",
                                        "1.1234567891",
                                        "2000-01-01T12:00:00+15:00"};
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        char bytes[128], message[160];
        struct text writer;
        text_init(&writer, bytes, sizeof(bytes));
        text_put(&writer, "time,price,class\n");
        text_put(&writer, cells[i]);
        text_put(&writer, ",1,0\n");
        text_init(&writer, message, sizeof(message));
        text_put(&writer, "r.csv: line 2: column 'time': '");
        text_put(&writer, cells[i]);
        text_put(&writer, "' is not a time: ISO 8601 from 1970 on, or epoch seconds");
        assert_refused_bytes(slice_of(bytes), &timed, message);
    }
    assert_refused_bytes(
        slice_of("time,price,class\n1700000000000,1,0\n"), &timed,
        "r.csv: line 2: column 'time': '1700000000000' is out of range: the years 1970 to 2254, "
        "epochs in seconds");
}

static void time_when_it_does_not_rise_is_refused(void **state)
{
    (void)state;
    assert_refused_bytes(slice_of("time,price,class\n5,1,0\n6,1,0\n4,1,0\n"), &timed,
                         "r.csv: line 4: its time is not after the time of the row before");
    assert_refused_bytes(slice_of("time,price,class\n5,1,0\n5,1,0\n"), &timed,
                         "r.csv: line 3: its time is not after the time of the row before");
}

static void file_when_it_holds_too_many_rows_is_refused(void **state)
{
    (void)state;
    static const char header[] = "c,p\n";
    static const struct csv_request narrow = {
        .label = "c", .n_features = 1, .features = {"p"}, .row_interval_ns = 1};
    const size_t n_rows = 2000001, n_bytes = sizeof(header) - 1 + 4 * n_rows;
    char *bytes = malloc(n_bytes);
    assert_non_null(bytes);
    memcpy(bytes, header, sizeof(header) - 1);
    for (size_t i = 0; i < n_rows; i++) {
        memcpy(bytes + sizeof(header) - 1 + 4 * i, "1,0\n", 4);
    }
    assert_int_equal(
        recording_open("r.csv", (struct slice){bytes, n_bytes - 4}, &narrow, &recording, &text), OK);
    assert_int_equal(recording.n_rows, 2000000);
    recording_close(&recording);
    assert_int_equal(
        recording_open("r.csv", (struct slice){bytes, n_bytes}, &narrow, &recording, &text),
        ERR_DATA);
    assert_string_equal(text.text, "r.csv: line 2000002: more than 2000000 rows");
    free(bytes);
}

static void row_when_its_time_leaves_the_range_is_refused(void **state)
{
    (void)state;
    struct csv_request slow = two;
    slow.row_interval_ns = INT64_MAX / 2;
    assert_refused_bytes(slice_of("price,demand,class\n1,1,0\n1,1,0\n1,1,0\n1,1,0\n"), &slow,
                         "r.csv: line 5: the time of this row is out of range");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_when_sound_are_read_in_the_order_of_the_request),
        cmocka_unit_test(rows_when_their_line_breaks_were_converted_are_read),
        cmocka_unit_test(rows_when_quoted_as_rfc_4180_says_are_read),
        cmocka_unit_test(file_when_not_a_table_is_refused_with_its_line),
        cmocka_unit_test(cell_when_not_a_finite_number_is_refused_with_line_and_column),
        cmocka_unit_test(label_when_not_zero_or_one_is_refused),
        cmocka_unit_test(time_when_iso_or_epoch_is_nanoseconds_of_utc),
        cmocka_unit_test(time_when_no_time_is_refused),
        cmocka_unit_test(time_when_it_does_not_rise_is_refused),
        cmocka_unit_test(file_when_it_holds_too_many_rows_is_refused),
        cmocka_unit_test(row_when_its_time_leaves_the_range_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
