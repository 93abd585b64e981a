/* SPDX-License-Identifier: Apache-2.0 */
/* A growing text with two ways in: markup of our own, and words of others, which are escaped. */
#ifndef REPORTS_PAGE_H
#define REPORTS_PAGE_H

#include <stdbool.h>
#include <stddef.h>

struct page {
    char *bytes; /* NULL or zero-terminated. */
    size_t n_bytes, capacity;
    bool failed; /* Sticky: out of memory. */
};

void page_close(struct page *page);
void page_put(struct page *page, const char *bytes, size_t n_bytes);
/* printf of markup and numbers of our own. */
void page_format(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Words of others, for HTML and XML, in text and in quoted attributes: & < > " ' become entities, control characters '?'. */
void page_words(struct page *page, const char *words);
/* Words of others for a script of gnuplot, between single quotes: anything but letters, digits and " .,:-_/%+()" becomes '?'. */
void page_label(struct page *page, const char *words);
/* 50.6 s, 4 min 10 s, 1 h 50 min, 3.5 d; "past the horizon" for NaN. */
void page_duration(struct page *page, double seconds);

#endif
