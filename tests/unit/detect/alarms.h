/* SPDX-License-Identifier: Apache-2.0 */
/* One detector over one stream, by the door of all detectors. */
#ifndef TESTS_UNIT_DETECT_ALARMS_H
#define TESTS_UNIT_DETECT_ALARMS_H

#include <stddef.h>

#include "core/detect/detector.h"

enum { ALARMS_MAX = 4096, STREAM_MAX = 8192 };
struct alarms {
    size_t n, n_warnings;
    size_t at[ALARMS_MAX];
    size_t warnings[ALARMS_MAX]; /* The first at the start and after each alarm. */
};

/* An option by name; fails the test when there is none. */
void set(struct detector_settings *settings, enum detector_kind kind, const char *name, double value);
/* The alarms of the detector with these settings. */
void run(enum detector_kind kind, const struct detector_settings *settings, const double *values,
         size_t n, struct alarms *ret_alarms);
void assert_rows(const size_t *seen, size_t n_seen, const size_t *expected, size_t n_expected);
/* Defaults on a stream of the truth directory; options as name, value pairs that end in NULL. */
void assert_published(enum detector_kind kind, const char *stream, const size_t *expected,
                      size_t n_expected, const char *option, ...);
/* The same from random.Random(seed) of Python: n zeros and ones by these weights (NULL: even), twice. */
size_t fill_coins(double *values, uint32_t seed, size_t n_first, size_t n_then,
                  const double *weights);

#endif
