/* SPDX-License-Identifier: Apache-2.0 */
/* The running fingerprint of a run: h(i) = XXH3_128(h(i-1), event i, its advice and effects). Not tamper evidence. */
#ifndef CORE_FORMATS_FINGERPRINT_H
#define CORE_FORMATS_FINGERPRINT_H

#include "core/base/visit.h"

/* h(0), from the run's identity: seed, arm, mind, digests. */
struct digest128 fingerprint_begin(const uint8_t *identity, size_t n_bytes);
/* h(0) of a run: arm and mind as their numbers in the tables of names, little-endian seed. */
struct digest128 fingerprint_begin_run(uint8_t arm, uint8_t mind, uint64_t seed);
struct digest128 fingerprint_add(struct digest128 before, const uint8_t *event, size_t event_bytes,
                                 const uint8_t *outcome, size_t outcome_bytes);
struct digest128 fingerprint_merge(struct digest128 before, struct digest128 run);
struct digest128 fingerprint_of(const void *bytes, size_t n_bytes);
/* 32 hex digits and NUL. */
void fingerprint_hex(struct digest128 digest, char ret_hex[33]);

#endif
