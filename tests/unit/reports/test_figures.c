/* SPDX-License-Identifier: Apache-2.0 */
/* Figures: what gnuplot adds of itself is gone, pictures on one page do not share names, scripts take nothing hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "reports/figures.h"

static void picture_when_stripped_holds_only_what_is_ours(void **state)
{
    (void)state;
    static const char drawn[] =
        "<?xml version=\"1.0\"?>\n<!DOCTYPE svg PUBLIC \"x\" \"http://y\">\n<svg viewBox=\"0 0 1 1\">\n"
        "<title>Gnuplot</title>\n<desc>Produced by GNUPLOT 5.4</desc>\n<g id=\"a\"><use xlink:href='#a'/>"
        "<path fill=\"url(#b)\"/></g>\n</svg>\ntrailing";
    struct page svg = {0};
    assert_true(figure_strip("bound", "A <title>", drawn, &svg));
    assert_memory_equal(svg.bytes, "<svg viewBox", 12);
    assert_null(strstr(svg.bytes, "nuplot"));
    assert_null(strstr(svg.bytes, "GNUPLOT"));
    assert_null(strstr(svg.bytes, "trailing"));
    assert_non_null(strstr(svg.bytes, "<title>A &lt;title&gt;</title>"));
    assert_non_null(strstr(svg.bytes, " id=\"bound-a\""));
    assert_non_null(strstr(svg.bytes, "href='#bound-a'"));
    assert_non_null(strstr(svg.bytes, "url(#bound-b)"));
    page_close(&svg);
}

static void picture_when_there_is_none_is_told(void **state)
{
    (void)state;
    static const char *const none[] = {"", "line 3: undefined variable", "<svg",
                                       "<svg viewBox='0'>cut"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        struct page svg = {0};
        assert_false(figure_strip("x", "x", none[i], &svg));
        page_close(&svg);
    }
}

/* Scripts are made of any evidence, even of none, and hold no command of others. */
static void script_when_evidence_is_hostile_has_no_way_out_of_its_quotes(void **state)
{
    (void)state;
    static const char hostile[] =
        "{\"arms\":[{\"name\":\"x'; system('id')\\n!id\",\"is_subject\":true,\"escalation\":{\"value\":0.5}}],"
        "\"families\":[{\"id\":\"`id`'\\n!id\",\"arms\":{}}],\"incident\":{\"records\":[{\"record\":\"'; !id\",\"at_s\":1}]},"
        "\"bound\":{\"n\":1,\"arm\":\"steward\"}}";
    static const char live[] =
        "{\"kind\":\"live\",\"response_curve\":[[1,0.5]],\"incident\":{\"opened_s\":1,\"records\":[{\"record\":\"'; !id\",\"at_s\":1}]}}";
    static const char *const evidences[] = {hostile, "{}",
                                            "{\"arms\":[],\"families\":[],\"incident\":null}", live,
                                            "{\"kind\":\"live\"}"};
    for (size_t e = 0; e < sizeof(evidences) / sizeof(evidences[0]); e++) {
        json_t *evidence = json_loads(evidences[e], 0, NULL);
        assert_non_null(evidence);
        size_t n = 0;
        const struct figure *figures = figures_of(evidence, &n);
        assert_in_range(n, 2, FIGURES_MAX);
        for (size_t i = 0; i < n; i++) {
            struct page script = {0};
            figures[i].write(evidence, &script);
            assert_false(script.failed);
            assert_non_null(script.bytes);
            assert_null(strstr(script.bytes, "!id"));
            assert_null(strstr(script.bytes, "system('"));
            assert_null(strchr(script.bytes, '`'));
            page_close(&script);
        }
        json_decref(evidence);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picture_when_stripped_holds_only_what_is_ours),
        cmocka_unit_test(picture_when_there_is_none_is_told),
        cmocka_unit_test(script_when_evidence_is_hostile_has_no_way_out_of_its_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
