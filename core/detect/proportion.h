/* SPDX-License-Identifier: Apache-2.0 */
/* Proportions: bounds, steps, paired and unpaired comparisons. */
#ifndef CORE_DETECT_PROPORTION_H
#define CORE_DETECT_PROPORTION_H

#include <stdbool.h>
#include <stdint.h>

/* z statistic of a proportion against a reference with its own sampling error, pooled; 0 when n or reference_n is 0. */
double proportion_z(uint32_t successes, uint32_t n, double reference, uint32_t reference_n);

/* One-sided exact-enough lower confidence bound (Wilson score) of a proportion. */
double wilson_lower(uint32_t successes, uint32_t n, double z);
double wilson_upper(uint32_t successes, uint32_t n, double z);

/* McNemar's exact-enough one-sided test of discordant pairs b > c: normal with continuity correction; p-value. */
double mcnemar_p(uint32_t b, uint32_t c);

/* Non-inferiority of two proportions, unpooled z (Farrington and Manning 1990 in its simple form): true when the one-sided lower bound of
 * p_new - p_old at confidence 1-alpha is above -margin. */
bool non_inferior(uint32_t correct_new, uint32_t n_new, uint32_t correct_old, uint32_t n_old,
                  double margin, double alpha);

#endif
