/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as campaign.json: they are refused with a reason, or become evidence, a page, test results and scripts of figures. */
#include <jansson.h>

#include "core/base/assert.h"
#include "reports/evidence.h"
#include "reports/html.h"
#include "tests/fuzz/fuzz.h"

static void write_all(const json_t *evidence)
{
    struct page svgs[FIGURES_MAX] = {{0}}, html = {0}, xml = {0};
    size_t n = 0;
    const struct figure *figures = figures_of(evidence, &n);
    for (size_t i = 0; i < n; i++) {
        struct page script = {0};
        figures[i].write(evidence, &script);
        ASSERT(script.n_bytes > 0);
        page_close(&script);
    }
    html_write(evidence, svgs, &html);
    junit_write(evidence, &xml);
    ASSERT(html.n_bytes > 0);
    ASSERT(xml.n_bytes > 0);
    page_close(&html);
    page_close(&xml);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    json_t *root = json_loadb((const char *)bytes, n_bytes, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(root)) {
        json_decref(root);
        return 0;
    }
    struct source source = {.path = "x", .file = "x/campaign.json"};
    struct err_text text = {""};
    json_t *evidence = NULL;
    enum err err = source_of_campaign(&source, root, &text);
    err = err == OK ? evidence_build(&source, 1, &evidence, &text) : err;
    if (err == OK) {
        write_all(evidence);
    } else {
        ASSERT(text.text[0] != '\0');
    }
    json_decref(evidence);
    source_close(&source);
    json_decref(root);
    return 0;
}
