/* SPDX-License-Identifier: Apache-2.0 */
/* Whether campaign.json agrees with itself: what can be made again from its parts is, and must be what it says. */
#ifndef REPORTS_AGREE_H
#define REPORTS_AGREE_H

#include "reports/reader.h"

/* Members "arms" of the summary (root) and of the sums (report), families, bounds and audit; a disagreement fails the reader with the name of
 * the number. ret_has_intervals: the ends
 * of the intervals of the reductions were made again too, which takes member "family_order" of the subject. */
void agree_campaign(struct reader *reader, const json_t *root, const json_t *report,
                    bool *ret_has_intervals);

/* What stands once only, so that nothing in the file vouches for it: words for the page, ends in NULL. */
extern const char *const agree_unchecked[];

#endif
