/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target exports: takes any bytes, returns 0, and ends the process when a property
 * does not hold. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

#endif
