/* SPDX-License-Identifier: Apache-2.0 */
/* What may be said: each target with what was measured and a verdict, and what limits all of it. */
#ifndef REPORTS_CLAIMS_H
#define REPORTS_CLAIMS_H

#include "reports/page.h"
#include "reports/reader.h"

/* Sets members "targets" and "limitations" of evidence. A verdict is one of: met, not met, not shown (the interval reaches over the
 * target), too few episodes (nothing speaks against it, too few to bound it), not claimable (met here, on a mix too easy for the claim), not
 * measured. */
void claims_put(struct reader *reader, json_t *evidence, const json_t *targets);

/* One claim onto a list of targets; takes the texts over. */
void claim_put(json_t *list, const char *id, const char *claim, struct page *target,
               struct page *measured, const char *verdict, struct page *note);

#endif
