/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of live runs: what happened, and that nobody judged it. */
#ifndef REPORTS_EVIDENCE_LIVE_H
#define REPORTS_EVIDENCE_LIVE_H

#include "reports/source.h"

/* source is one of a live journal. Fills evidence. */
enum err evidence_of_live(const struct source *source, json_t *evidence,
                          struct err_text *ret_text) MUST_USE;

#endif
