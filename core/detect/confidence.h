/* SPDX-License-Identifier: Apache-2.0 */
/* Confidence sequences: bounds that hold at all times at once, however often one looks. */
#ifndef CORE_DETECT_CONFIDENCE_H
#define CORE_DETECT_CONFIDENCE_H

#include <stdbool.h>
#include <stdint.h>

/* Boundaries for a sum s with intrinsic time v (Howard, Ramdas, McAuliffe, Sekhon 2021, "Time-uniform, nonparametric, nonasymptotic confidence
 * sequences", section 3.2, conjugate mixtures): P(some t: S_t >= bound(V_t)) <= alpha when exp(l S - psi(l) V) is a supermartingale for the psi of the kind. Each mixes
 * over l; mixture_log is the logarithm of the mixture, mixture_bound the s at which it is ln(1 / alpha). The tuning makes the boundary tightest about
 * v_opt for an error of alpha_opt; validity does not depend on it. Parameters and figures are those of the package confseq. */
enum mixture_kind {
    MIXTURE_NORMAL_TWO_SIDED,  /* Sub-Gaussian. */
    MIXTURE_NORMAL_ONE_SIDED,  /* The same, l > 0 alone. */
    MIXTURE_GAMMA_EXPONENTIAL, /* Sub-exponential of scale c: values bounded by c from one side. */
    MIXTURE_GAMMA_POISSON,     /* Sub-Poisson of scale c. */
    MIXTURE_BETA_BINOMIAL_TWO_SIDED, /* Sub-Bernoulli: each value between -g and h. */
    MIXTURE_BETA_BINOMIAL_ONE_SIDED, /* The same, l > 0 alone. */
    N_MIXTURE_KINDS
};

struct mixture {
    enum mixture_kind kind;
    double rho;      /* Of the normal and gamma kinds; r of the beta-binomial ones. */
    double c;        /* Of the gamma kinds. */
    double g, h;     /* Of the beta-binomial ones. */
    double constant; /* What does not depend on s and v. */
};
/* v_opt > 0, 0 < alpha_opt < 1/2. c > 0 is used by the gamma kinds alone; beta-binomial kinds have their own function. */
void mixture_init(struct mixture *mixture, enum mixture_kind kind, double v_opt, double alpha_opt,
                  double c);
/* g, h > 0; kind is one of the two beta-binomial ones. */
void mixture_init_beta_binomial(struct mixture *mixture, enum mixture_kind kind, double v_opt,
                                double alpha_opt, double g, double h);
/* v > 0. Beta-binomial: s at most v / g; one-sided kinds: s >= 0. */
double mixture_log(const struct mixture *mixture, double s, double v);
/* v > 0, 0 < alpha < 1. A beta-binomial bound is at most v / g, which s cannot exceed. */
double mixture_bound(const struct mixture *mixture, double v, double alpha);

/* Polynomial stitching (section 3.1 of the same paper) for a sub-gamma sum of scale c (negative too) from v_min on; s > 1 and eta > 1 are shape, usually 1.4 and 2. */
double poly_stitching_bound(double v, double alpha, double v_min, double c, double s, double eta);
/* Howard and Ramdas 2022, "Sequential estimation of quantiles with applications to A/B testing and best-arm identification": how far the
 * empirical distribution function strays from the true one, at all t >= t_min at once. A > 1/sqrt(2), usually 0.85; t_min >= 1. Infinite before t_min. */
double empirical_process_lil_bound(double t, double alpha, double t_min, double A);
/* The same paper, double stitching: boundary for the count of values below the quantile p, uniform in p and t >= 1. delta 0.5, s 1.4, eta 2 are usual. */
double double_stitching_bound(double p, double t, double alpha, double t_opt, double delta,
                              double s, double eta);
/* Confidence sequence of a Bernoulli probability by the two-sided beta-binomial mixture with g = p, h = 1 - p: successes out of n. */
void bernoulli_interval(double successes, uint64_t n, double alpha, double t_opt, double alpha_opt,
                        double *ret_lower, double *ret_upper);

/* Mean of a stream of values within lo .. hi whose conditional mean given the past is constant. The interval holds at all times at once with
 * probability 1 - alpha and only shrinks. When the mean moves it becomes empty (lower >= upper) sooner or later: an alarm whose probability without a
 * change is at most alpha. Values outside count as the nearer end; NaN changes nothing. */
struct cs_options {
    double alpha;  /* 1e-12 .. 0.5. Default 0.05. */
    double lo, hi; /* Finite, lo < hi. Default 0 and 1. */
};
struct cs_options cs_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *cs_wrong(const struct cs_options *options);

/* What both streams below bet with: lambda_t = sqrt(2 ln(2 / alpha) / (t ln(1 + t) s2_{t-1})), s2 and the mean regularised by one imagined value
 * with mean 1/2 and variance 1/4. */
struct predictable_bets {
    uint64_t n;
    double sum;     /* Of the scaled values. */
    double squares; /* Of their deviations from the mean at their time. */
    double mean;    /* (1/2 + sum) / (n + 1). */
};

/* Predictable-mixture empirical Bernstein (Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting", theorem 2),
 * lambda at most 1/2. Tight where the variance is small; O(1) a value, 96 bytes. */
struct bernstein_cs {
    struct cs_options options;
    struct predictable_bets bets;
    double weights, weighted, penalty; /* Sums of lambda, lambda y, (y - mean)^2 psi(lambda). */
    double lower, upper;               /* Scaled, intersected over time. */
};
/* The options must be right (cs_wrong). */
void bernstein_cs_init(struct bernstein_cs *cs, const struct cs_options *options);
void bernstein_cs_step(struct bernstein_cs *cs, double x);
double bernstein_cs_lower(const struct bernstein_cs *cs);
double bernstein_cs_upper(const struct bernstein_cs *cs);

/* Hedged betting (the same paper, theorem 3): for each candidate mean m the wealth of betting that the mean is above it, with min(lambda, c / m),
 * c = 1/2, and of betting that it is below, each fails when it reaches 2 / alpha. Wealth falls as m rises (or falls), so candidates on a grid
 * suffice and rounding to it is outwards: the bounds are multiples of (hi - lo) / 256 and cost nothing in validity. Candidates already rejected are
 * bet on no more. At most 255 candidates a value, 4.2 kB. */
enum { BETTING_GRID = 256 };
struct betting_cs {
    struct cs_options options;
    struct predictable_bets bets;
    uint32_t lower, upper; /* Rejected from outside up to these, in steps of the grid. */
    double above[BETTING_GRID],
        below[BETTING_GRID]; /* Wealth by candidate m = i / BETTING_GRID; [0] is unused. */
};
void betting_cs_init(struct betting_cs *cs, const struct cs_options *options);
void betting_cs_step(struct betting_cs *cs, double x);
double betting_cs_lower(const struct betting_cs *cs);
double betting_cs_upper(const struct betting_cs *cs);

#endif
