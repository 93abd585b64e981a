/* SPDX-License-Identifier: Apache-2.0 */
/* Named counter-based random streams: value i of a stream is a pure function of (seed, name, index,
 * i), so that adding a consumer, deleting a fault or shrinking a plan never shifts what another
 * stream draws. */
#ifndef CORE_BASE_PRNG_H
#define CORE_BASE_PRNG_H

#include <stdint.h>

struct stream {
    uint64_t key;
    uint64_t counter;
};

/* name is a literal such as "world/labels"; index tells instances apart (model, person). */
void stream_init(struct stream *stream, uint64_t seed, const char *name, uint64_t index);

/* The pure function behind every stream: SplitMix64's finaliser (Steele, Lea, Flood 2014) over key
 * and counter. */
uint64_t prng_at(uint64_t key, uint64_t counter);
/* H(seed, i): seed of run i of a campaign. i = 0 gives seed itself; the result is in 0 .. 2^53-1.
 */
uint64_t prng_run_seed(uint64_t seed, uint64_t i);

uint64_t stream_u64(struct stream *stream);
/* Uniform on 0 .. n-1, unbiased (Lemire 2019, with rejection); n >= 1. */
uint64_t stream_below(struct stream *stream, uint64_t n);
/* Uniform on the open interval (0,1): an odd multiple of 2^-53. */
double stream_unit(struct stream *stream);
double stream_between(struct stream *stream, double lo, double hi);
double stream_normal(struct stream *stream);
double stream_exponential(struct stream *stream, double mean);
/* median * exp(sigma * N(0,1)). */
double stream_lognormal(struct stream *stream, double median, double sigma);
/* Bernoulli; p outside [0,1] is clamped. */
int stream_chance(struct stream *stream, double p);
/* Inversion below a mean of 12; above it a normal quantile with Cornish and Fisher's skewness term,
 * rounded (error in the distribution function < 0.002, measured); clamped to the support. */
uint64_t stream_binomial(struct stream *stream, uint64_t n, double p);
uint64_t stream_poisson(struct stream *stream, double mean);

#endif
