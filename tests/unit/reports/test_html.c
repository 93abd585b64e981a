/* SPDX-License-Identifier: Apache-2.0 */
/* The page and the JUnit file: self-contained, escaped, the same bytes for the same evidence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reports/html.h"
#include "tests/unit/reports/folder.h"

static struct source source;
static json_t *evidence;
static struct page svgs[FIGURES_MAX];
static struct page page, again;

static int make(void **state)
{
    (void)state;
    struct folder_wish wish = {.episodes = 70,
                               .touched = 3,
                               .touched_manual = 60,
                               .response_ns = 60 * NS_PER_S,
                               .violating = 1,
                               .by_human = 7,
                               .must_escalate_share = 0.05,
                               .title = "<script src=\"http://evil\">alert(1)</script>",
                               .mind = "steward"};
    folder_make(&wish, &source);
    evidence = folder_evidence(&source, 1);
    for (int i = 0; i < FIGURES_MAX; i++) {
        page_format(&svgs[i], "<svg><title>figure %d</title></svg>", i);
    }
    return 0;
}

static int drop(void **state)
{
    (void)state;
    page_close(&page);
    page_close(&again);
    for (int i = 0; i < FIGURES_MAX; i++) {
        page_close(&svgs[i]);
    }
    json_decref(evidence);
    source_close(&source);
    return 0;
}

static uint32_t count(const char *text, const char *what)
{
    uint32_t n = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
        n++;
    }
    return n;
}

static void page_when_titles_are_hostile_fetches_and_runs_nothing(void **state)
{
    (void)state;
    html_write(evidence, svgs, &page);
    static const char *const never[] = {"<script",     "<img",    "<link", "<iframe", "src=\"http",
                                        "href=\"http", "@import", "url(",  " onload="};
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        assert_null(strstr(page.bytes, never[i]));
    }
    assert_non_null(strstr(page.bytes, "&lt;script src=&quot;http://evil&quot;&gt;"));
    assert_non_null(strstr(page.bytes, "inside &lt;freeze&gt;"));
    assert_null(strstr(page.bytes, ">nan"));
    assert_null(strstr(page.bytes, "[nan"));
}

static void page_when_unsigned_is_a_draft_with_every_part(void **state)
{
    (void)state;
    html_write(evidence, svgs, &page);
    static const char *const parts[] = {"DRAFT. Nobody has signed",
                                        "<div class=\"mark\"",
                                        "1. What ran",
                                        "2. Verdicts",
                                        "3. The arms",
                                        "4. Safety",
                                        "5. By scenario family",
                                        "6. One incident",
                                        "7. Audit trail",
                                        "8. Limitations",
                                        "9. Signatures",
                                        "not signed",
                                        "not claimable",
                                        "Not checked",
                                        "steward audit verify"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        assert_non_null(strstr(page.bytes, parts[i]));
    }
    assert_int_equal(count(page.bytes, "<svg"), FIGURES_MAX);
    assert_int_equal(count(page.bytes, "<figure>"), FIGURES_MAX);
}

static void cells_when_nothing_is_judged_are_a_dash(void **state)
{
    (void)state;
    html_write(evidence, svgs, &page);
    static const char *const rows[] = {
        "<td>Episodes with a page (escalation)</td><td class=\"n\">0.0 %<br><span class=\"note\">[0.0, 5.1]</span></td>"
        "<td class=\"n\">0.0 %<br><span class=\"note\">[0.0, 5.1]</span></td><td class=\"n\">-</td></tr>",
        "<td>Acts that should not have been</td><td class=\"n\">0 harmful<br>0 false<br>14 needless pages</td>"
        "<td class=\"n\">0 harmful<br>0 false<br>14 needless pages</td><td class=\"n\">0 harmful</td></tr>",
        "<td>Violations of enforceable invariants</td><td class=\"n\">1 in 70</td><td class=\"n\">0 in 70</td><td class=\"n\">-</td></tr>",
        "<td>Episodes with an outcome error</td><td class=\"n\">-</td><td class=\"n\">-</td><td class=\"n\">-</td></tr>",
        "<span class=\"note\">90.0 + 10.0</span></td><td class=\"n\">100.0 %<br><span class=\"note\">[94.9, 100.0]</span></td></tr>"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_non_null(strstr(page.bytes, rows[i]));
    }
    assert_null(strstr(page.bytes, ">0 in 0<"));
}

static void parts_that_a_campaign_tells_when_absent_are_not_on_the_page(void **state)
{
    (void)state;
    html_write(evidence, svgs, &page);
    assert_null(strstr(page.bytes, "Held-out"));
    assert_null(strstr(page.bytes, "Forks"));
    assert_int_equal(
        json_object_set_new(evidence, "splits", json_pack("{s:{s:i}}", "<held>", "episodes", 12)), 0);
    assert_int_equal(json_object_set_new(evidence, "forks", json_pack("{s:i}", "n", 3)), 0);
    html_write(evidence, svgs, &again);
    assert_non_null(strstr(again.bytes, "<h3>Held-out and training episodes</h3>"));
    assert_non_null(strstr(again.bytes, "<th>&lt;held&gt;</th><td><code>{&quot;episodes&quot;: 12}"));
    assert_non_null(strstr(again.bytes, "<h3>Forks</h3>"));
}

static void page_when_written_twice_is_the_same(void **state)
{
    (void)state;
    html_write(evidence, svgs, &page);
    html_write(evidence, svgs, &again);
    assert_int_equal(page.n_bytes, again.n_bytes);
    assert_memory_equal(page.bytes, again.bytes, page.n_bytes);
}

static void junit_when_written_has_a_case_for_each_invariant_and_target(void **state)
{
    (void)state;
    junit_write(evidence, &page);
    size_t n = json_array_size(json_object_get(evidence, "invariants")) +
               json_array_size(json_object_get(evidence, "not_checked")) +
               json_array_size(json_object_get(evidence, "targets"));
    assert_int_equal(count(page.bytes, "<testcase "), n);
    assert_non_null(strstr(page.bytes, "<failure message=\"1 breaches in 70 opportunities\"/>"));
    assert_non_null(strstr(page.bytes, "not checked by this build"));
    assert_non_null(strstr(page.bytes, "<skipped message=\"not claimable:"));
    /* S06, the target of zero, and the harm: of one family there is no interval. */
    assert_int_equal(count(page.bytes, "<failure "), 3);
    assert_null(strstr(page.bytes, "timestamp"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(page_when_titles_are_hostile_fetches_and_runs_nothing, make,
                                        drop),
        cmocka_unit_test_setup_teardown(page_when_unsigned_is_a_draft_with_every_part, make, drop),
        cmocka_unit_test_setup_teardown(cells_when_nothing_is_judged_are_a_dash, make, drop),
        cmocka_unit_test_setup_teardown(parts_that_a_campaign_tells_when_absent_are_not_on_the_page,
                                        make, drop),
        cmocka_unit_test_setup_teardown(page_when_written_twice_is_the_same, make, drop),
        cmocka_unit_test_setup_teardown(junit_when_written_has_a_case_for_each_invariant_and_target,
                                        make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
