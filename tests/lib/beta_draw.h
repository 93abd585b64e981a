/* SPDX-License-Identifier: Apache-2.0 */
/* Draws from a beta distribution, for counts that vary by more than binomial ones do. */
#ifndef TESTS_LIB_BETA_DRAW_H
#define TESTS_LIB_BETA_DRAW_H

#include "core/base/prng.h"

/* Mean 0 < mean < 1; the larger the concentration, the closer to it: variance mean (1 - mean) / (concentration + 1). */
double beta_draw(struct stream *stream, double mean, double concentration);

#endif
