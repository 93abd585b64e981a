/* SPDX-License-Identifier: Apache-2.0 */
/* From times as columns to what is said of them: quantiles by Kaplan and Meier, and the curve of the response. */
#ifndef REPORTS_CURVES_H
#define REPORTS_CURVES_H

#include "reports/reader.h"

/* Sets members "times" (p50, p95, p99, n, open of each measure, a list that ends in NULL) and "response_curve" from the member "times" of sums. */
enum err curves_put(struct reader *reader, const json_t *sums, const char *const *measures,
                    json_t *into) MUST_USE;

#endif
