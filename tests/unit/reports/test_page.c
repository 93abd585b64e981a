/* SPDX-License-Identifier: Apache-2.0 */
/* Text for pages: what others wrote cannot become markup, a script's command or a second line of one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "reports/page.h"

static struct page page;

static int close_page(void **state)
{
    (void)state;
    page_close(&page);
    return 0;
}

static void words_when_hostile_are_escaped(void **state)
{
    (void)state;
    page_words(&page, "<script>alert('x\"&')</script>\x01\x7f\n");
    assert_string_equal(page.bytes, "&lt;script&gt;alert(&#39;x&quot;&amp;&#39;)&lt;/script&gt;??\n");
}

static void words_when_of_another_script_stay(void **state)
{
    (void)state;
    page_words(&page, "Z\xc3\xbcrich");
    assert_string_equal(page.bytes, "Z\xc3\xbcrich");
}

static void label_when_hostile_holds_nothing_that_gnuplot_acts_on(void **state)
{
    (void)state;
    page_label(&page, "a'; system('id') `id` \"$x\" @m {\\n}\nM01-x");
    for (const char *c = "'\"`$@\\;{}\n"; *c != '\0'; c++) {
        assert_null(strchr(page.bytes, *c));
    }
    assert_non_null(strstr(page.bytes, "M01-x"));
}

static void text_when_longer_than_its_first_room_is_whole(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        page_format(&page, "%04d,", i);
    }
    assert_int_equal(page.n_bytes, 25000);
    assert_false(page.failed);
    assert_string_equal(page.bytes + 24990, "4998,4999,");
}

static void is_duration(double seconds, const char *words)
{
    page_duration(&page, seconds);
    assert_string_equal(page.bytes, words);
    page_close(&page);
}

static void duration_when_written_is_in_the_unit_that_people_use(void **state)
{
    (void)state;
    is_duration(0.0, "0.0 s");
    is_duration(50.614, "50.6 s");
    is_duration(59.97, "1 min 00 s");
    is_duration(300.0, "5 min 00 s");
    is_duration(6648.6, "1 h 50 min");
    is_duration(7.0 * 86400.0, "7.0 d");
    is_duration(NAN, "past the horizon");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(words_when_hostile_are_escaped, close_page),
        cmocka_unit_test_teardown(words_when_of_another_script_stay, close_page),
        cmocka_unit_test_teardown(label_when_hostile_holds_nothing_that_gnuplot_acts_on, close_page),
        cmocka_unit_test_teardown(text_when_longer_than_its_first_room_is_whole, close_page),
        cmocka_unit_test_teardown(duration_when_written_is_in_the_unit_that_people_use, close_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
