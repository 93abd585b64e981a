/* SPDX-License-Identifier: Apache-2.0 */
/* A page as PDF, by a program beside us. */
#ifndef REPORTS_PDF_H
#define REPORTS_PDF_H

#include "core/base/err.h"

/* Makes pdf from html with weasyprint. The same page gives the same bytes. Absent: ERR_UNAVAILABLE. */
enum err pdf_make(const char *html, const char *pdf, struct err_text *ret_text) MUST_USE;

#endif
