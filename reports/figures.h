/* SPDX-License-Identifier: Apache-2.0 */
/* The figures: one script of gnuplot each, made from the evidence alone; what gnuplot returns is stripped of what is not ours. */
#ifndef REPORTS_FIGURES_H
#define REPORTS_FIGURES_H

#include <jansson.h>

#include "core/base/err.h"
#include "reports/page.h"

enum { FIGURES_MAX = 6 }; /* Of one report. */

struct figure {
    const char *name, *title, *caption;
    void (*write)(const json_t *evidence, struct page *script);
};
/* Those of evidence of its kind, in the order of the page. */
const struct figure *figures_of(const json_t *evidence, size_t *ret_n);

/* Runs gnuplot on the script, which no file of a name holds; ret_svg holds one <svg> element whose ids begin with name. Absent: ERR_UNAVAILABLE. */
enum err script_draw(const char *name, const char *title, const struct page *script,
                     struct page *ret_svg, struct err_text *ret_text) MUST_USE;
/* The same of the figure's script. */
enum err figure_draw(const struct figure *figure, const json_t *evidence, struct page *ret_svg,
                     struct err_text *ret_text) MUST_USE;
/* The <svg> element of what gnuplot printed, with the title given and ids that begin with name; false when there is none. */
bool figure_strip(const char *name, const char *title, const char *bytes, struct page *svg);

#endif
