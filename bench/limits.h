/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine can do when nothing but the bare work is done: bare loops in place of peers. */
#ifndef BENCH_LIMITS_H
#define BENCH_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Increments of a hold model in nanoseconds, exponential with mean 1 ms, so that no logarithm is timed. */
enum { INCREMENTS = 65536 };
void limit_increments(uint64_t *increments);
/* Streams that detectors are timed with: N(0, 1); 0 or 1, of which a tenth are 1. */
enum { SAMPLES = 1 << 18 };
void limit_samples(double *gaussian, double *errors);

/* Each does n rounds and returns a value that depends on all of them. */

/* A 4-ary heap of 16-byte keys, the handler's successor replaces the top: pending entries stay as many, at most 4,096. */
uint64_t limit_hold(const uint64_t *increments, uint32_t n_pending, uint64_t n);
/* One server with a queue: the same heap with handlers by function pointer. */
uint64_t limit_queue(const uint64_t *increments, uint64_t n);
/* The same with a 64-byte record and an XXH3 chain an event. */
uint64_t limit_audited(const uint64_t *increments, uint64_t n);
/* limit_queue in so many processes at once, at most 64; how many of them ended well. */
uint32_t limit_workers(const uint64_t *increments, uint64_t n, uint32_t n_workers);

/* Appending n_bytes to a buffer. */
uint64_t limit_append(size_t n_bytes, uint64_t n);
/* One write(2) of n_bytes each to a file that nobody keeps, without a sync. */
uint64_t limit_write(size_t n_bytes, uint64_t n);
/* One write(2) and one fdatasync(2) each, to a new file that is taken away again: how many were durable. */
uint64_t limit_durable(const char *path, size_t n_bytes, uint64_t n);
/* One row a transaction into one table of SQLite, in WAL mode with synchronous FULL. */
uint64_t limit_durable_row(const char *path, size_t n_bytes, uint64_t n);

/* SHA-256 of n_bytes, and of a node of a tree. */
uint64_t limit_sha256(size_t n_bytes, uint64_t n);
/* Ed25519 over a text: how many were signed, how many were sound. */
uint64_t limit_sign(const uint8_t *text, size_t n_bytes, uint64_t n);
uint64_t limit_verify(const uint8_t *text, size_t n_bytes, uint64_t n);

/* sum (p - q) ln(p / q) over bins. */
double limit_psi(size_t n_bins, uint64_t n);
/* Four likelihood ratios by one exp each, multiplied into four sums. */
double limit_sums(uint64_t n);
/* One value after the other through the detector as its paper has it; x and errors: SAMPLES, from the start again at their end. */
uint64_t limit_adwin(const double *x, uint64_t n);
uint64_t limit_page_hinkley(const double *x, uint64_t n);
uint64_t limit_ddm(const double *errors, uint64_t n);
uint64_t limit_kswin(const double *x, uint64_t n);
/* Largest distance of two empirical distributions, both put in order by radix. */
double limit_ks(const double *a, size_t n, const double *b, size_t m);

#endif
