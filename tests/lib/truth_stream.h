/* SPDX-License-Identifier: Apache-2.0 */
/* Published streams under STEWARD_TRUTH_DIR/oracles; a test that lacks them skips and says why. */
#ifndef TESTS_LIB_TRUTH_STREAM_H
#define TESTS_LIB_TRUTH_STREAM_H

#include <stddef.h>

/* Values of a file of one number a line, at most n_max; skips the test when STEWARD_TRUTH_DIR is not set and fails it when the file cannot be
 * read whole. */
size_t truth_stream(const char *name, double *values, size_t n_max);

#endif
