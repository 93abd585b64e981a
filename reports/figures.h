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

/* Runs gnuplot on the script, which lies as NAME.gp in folder meanwhile; otherwise as figure_draw. */
enum err script_draw(const char *name, const char *title, const struct page *script,
                     const char *folder, struct page *ret_svg, struct err_text *ret_text) MUST_USE;
/* Runs gnuplot on the figure's script in folder; ret_svg holds one <svg> element. Absent: ERR_UNAVAILABLE. */
enum err figure_draw(const struct figure *figure, const json_t *evidence, const char *folder,
                     struct page *ret_svg, struct err_text *ret_text) MUST_USE;
/* The <svg> element of what gnuplot printed, with the title given and ids that begin with name; false when there is none. */
bool figure_strip(const char *name, const char *title, const char *bytes, struct page *svg);

#endif
