/* SPDX-License-Identifier: Apache-2.0 */
/* The pages for people and for CI, from the evidence alone. */
#ifndef REPORTS_HTML_H
#define REPORTS_HTML_H

#include <jansson.h>

#include "reports/figures.h"

/* One self-contained page: style and figures (svgs, one <svg> element each) inside, no script, nothing fetched. */
void html_write(const json_t *evidence, const struct page *svgs, struct page *html);
/* JUnit: a test case for each invariant and each target. */
void junit_write(const json_t *evidence, struct page *xml);

#endif
