/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine can do when nothing but the bare work is done: bare loops in place of peers. */
#ifndef BENCH_LIMITS_H
#define BENCH_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* Increments of a hold model in nanoseconds, exponential with mean 1 ms, so that no logarithm is timed. */
enum { INCREMENTS = 65536 };
void limit_increments(uint64_t *increments);

/* Each does n rounds and returns a value that depends on all of them. */
/* A 4-ary heap of 16-byte keys, the handler's successor replaces the top: pending entries stay as many. */
uint64_t limit_hold(const uint64_t *increments, uint32_t n_pending, uint64_t n);
/* The same heap with handlers by function pointer, a 64-byte record and an XXH3 chain an event. */
uint64_t limit_audited(const uint64_t *increments, uint64_t n);
/* Appending n_bytes to a buffer. */
uint64_t limit_append(size_t n_bytes, uint64_t n);
/* One write(2) of n_bytes each to a file that nobody keeps, without a sync. */
uint64_t limit_write(size_t n_bytes, uint64_t n);
/* sum (p - q) ln(p / q) over bins, with the libm of this machine. */
double limit_psi(size_t n_bins, uint64_t n);
/* Four likelihood ratios by one exp each, multiplied into four sums. */
double limit_sums(uint64_t n);

#endif
