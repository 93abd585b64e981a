/* SPDX-License-Identifier: Apache-2.0 */
/* junit.xml: what a CI server shows. A case that had no opportunity, no gate or no run is skipped, never passed. */
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "reports/look.h"

#include "reports/html.h"

enum fate { PASSED, FAILED, SKIPPED };

struct suite_sums {
    size_t n, n_failed, n_skipped;
};

static void put_case(struct page *xml, struct suite_sums *sums, const char *class, const char *id,
                     const char *words, enum fate fate, const char *message)
{
    page_format(xml, "  <testcase classname=\"%s\" name=\"", class);
    page_words(xml, id);
    page_format(xml, " ");
    page_words(xml, words);
    page_format(xml, "\" time=\"0\"");
    sums->n++;
    if (fate == PASSED) {
        page_format(xml, "/>\n");
        return;
    }
    sums->n_failed += fate == FAILED ? 1 : 0;
    sums->n_skipped += fate == SKIPPED ? 1 : 0;
    page_format(xml, "><%s message=\"", fate == FAILED ? "failure" : "skipped");
    page_words(xml, message);
    page_format(xml, "\"/></testcase>\n");
}

static void put_invariants(const json_t *evidence, struct page *xml, struct suite_sums *sums)
{
    const json_t *invariants = json_object_get(evidence, "invariants"),
                 *unchecked = json_object_get(evidence, "not_checked");
    const char *arm = words_of(json_array_get(json_object_get(evidence, "arms"), 0), "name");
    for (size_t i = 0; i < json_array_size(invariants); i++) {
        const json_t *one = json_array_get(invariants, i),
                     *its = json_object_get(json_object_get(one, "arms"), arm);
        uint64_t breaches = count_of(its, "breaches"), opportunities = count_of(its, "opportunities");
        bool is_gate = strcmp(words_of(one, "kind"), "enforceable") == 0;
        struct page message = {0};
        enum fate fate = PASSED;
        if (!is_gate) {
            fate = SKIPPED;
            page_format(&message, "a rate, not a gate: %" PRIu64 " in %" PRIu64 "; no budget was set",
                        breaches, opportunities);
        } else if (breaches > 0) {
            fate = FAILED;
            page_format(&message, "%" PRIu64 " breaches in %" PRIu64 " opportunities", breaches,
                        opportunities);
        } else if (opportunities == 0) {
            fate = SKIPPED;
            page_format(&message, "no opportunity");
        }
        put_case(xml, sums, "invariant", words_of(one, "id"), words_of(one, "words"), fate,
                 message.bytes == NULL ? "" : message.bytes);
        xml->failed |= message.failed;
        page_close(&message);
    }
    for (size_t i = 0; i < json_array_size(unchecked); i++) {
        const json_t *one = json_array_get(unchecked, i);
        put_case(xml, sums, "invariant", words_of(one, "id"), words_of(one, "words"), SKIPPED,
                 "not checked by this build");
    }
}

static void put_targets(const json_t *evidence, struct page *xml, struct suite_sums *sums)
{
    const json_t *targets = json_object_get(evidence, "targets");
    for (size_t i = 0; i < json_array_size(targets); i++) {
        const json_t *one = json_array_get(targets, i);
        const char *verdict = words_of(one, "verdict");
        bool is_open = strcmp(verdict, "not measured") == 0 ||
                       strcmp(verdict, "not claimable") == 0 ||
                       strcmp(verdict, "too few episodes") == 0;
        enum fate fate = strcmp(verdict, "met") == 0 ? PASSED : is_open ? SKIPPED : FAILED;
        struct page message = {0};
        page_format(&message, "%s: %s", verdict, words_of(one, "measured"));
        put_case(xml, sums, "target", words_of(one, "id"), words_of(one, "claim"), fate,
                 message.bytes == NULL ? "" : message.bytes);
        xml->failed |= message.failed;
        page_close(&message);
    }
}

static void put_suite(struct page *xml, const char *name, const struct page *cases,
                      const struct suite_sums *sums)
{
    page_format(
        xml,
        " <testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"0\">\n",
        name, sums->n, sums->n_failed, sums->n_skipped);
    page_put(xml, cases->bytes, cases->n_bytes);
    page_format(xml, " </testsuite>\n");
    xml->failed |= cases->failed;
}

void junit_write(const json_t *evidence, struct page *xml)
{
    struct page invariants = {0}, targets = {0};
    struct suite_sums of_invariants = {0}, of_targets = {0};
    put_invariants(evidence, &invariants, &of_invariants);
    put_targets(evidence, &targets, &of_targets);
    page_format(
        xml,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"steward\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" time=\"0\">\n",
        of_invariants.n + of_targets.n, of_invariants.n_failed + of_targets.n_failed);
    put_suite(xml, "invariants", &invariants, &of_invariants);
    put_suite(xml, "targets", &targets, &of_targets);
    page_format(xml, "</testsuites>\n");
    page_close(&invariants);
    page_close(&targets);
}
