/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of every page, from the evidence alone. */
#ifndef REPORTS_HTML_FRAME_H
#define REPORTS_HTML_FRAME_H

#include <jansson.h>
#include <stdint.h>

#include "reports/page.h"

/* Words of a member, escaped. */
void html_words(struct page *html, const json_t *object, const char *name);
/* 12345 as 12,345. */
void html_count(struct page *html, uint64_t count);
/* Begins a row of a table of two columns, of which the second stays open. */
void html_row(struct page *html, const char *label);

/* From the doctype to the title, with a word on whether it is signed. */
void html_head(const json_t *evidence, struct page *html);
/* Section 2. */
void html_targets(const json_t *evidence, struct page *html);
/* Figure i of figures_of, which is svgs[i]. */
void html_figure(const json_t *evidence, const struct page *svgs, size_t i, struct page *html);
/* Lines of the story told in evidence.incident, and with which command the rest is told. */
void html_story(const json_t *incident, const char *command, struct page *html);
/* What was verified of a journal. */
void html_journal(const json_t *audit, struct page *html);
/* Limitations as the section of that number, which comes after the one on the audit trail; signatures; the end. */
void html_end(const json_t *evidence, int section, struct page *html);

/* The whole page of a live journal. */
void html_live(const json_t *evidence, const struct page *svgs, struct page *html);

#endif
