/* SPDX-License-Identifier: Apache-2.0 */
/* Error control over many tests: what share of all alarms may be false, in a batch and on an endless stream of tests. */
#ifndef CORE_DETECT_FDR_H
#define CORE_DETECT_FDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/visit.h"

/* FDR = E[false rejections / max(rejections, 1)]. A rule gives the t-th test a level alpha_t that depends only on the tests before it; the test is
 * rejected when p_t <= alpha_t, or e_t >= 1 / alpha_t. An e-value is a statistic >= 0 of which E[e] <= 1 under its null hypothesis.
 * Notation: R rejections so far, tau_j the time of the j-th, gamma_1, gamma_2, .. weights that fall and sum to at most 1.
 *
 *     FDR_E_LOND   alpha_t = alpha gamma_t (R + 1)                                    e-values with any dependence     Xu, Ramdas 2024, "Online multiple
 *                                                                                     testing with e-values", theorem 1
 *     FDR_LOND     the same                                                           p-values, independent or PRDS    Javanmard, Montanari 2015
 *     FDR_LORD     alpha_t = w0 gamma_t + (alpha - w0) gamma_{t - tau_1}              p-values, independent            Ramdas, Yang, Wainwright, Jordan
 *                          + alpha sum_{j >= 2} gamma_{t - tau_j}                                                      2017, LORD++
 *     FDR_SAFFRON  min(lambda, (1 - lambda) of the sum above), where a test counts    p-values, independent            Ramdas, Zrnic, Wainwright, Jordan
 *                          in the indexes of gamma only when p > lambda                                                2018
 *     FDR_ADDIS    min(lambda, (tau - lambda) of the sum above), where a test counts  p-values, independent, nulls     Tian, Ramdas 2019
 *                          only when lambda < p <= tau                                conservative (uniformly)
 *
 * gamma_j is 0.07720838 ln(max(j, 2)) / (j exp(sqrt(ln j))) for the first three, 0.4374901658 j^-1.6 for the others; they sum to
 * 0.976 and 1. Levels, defaults and rejections are those of the R package onlineFDR 2.19 (LORD version "++").
 *
 * Memory: the last three rules need the time of every rejection; the newest FDR_REJECTIONS_KEPT are kept. An older one no longer earns a level,
 * so that levels are lower than the rule's, never higher, and still do not fall when one more earlier test is rejected (the kept terms are the
 * largest ones): the guarantee stands, power is lost, for LORD at most alpha gamma_64 = 3.3e-5 a rejection dropped at alpha = 0.05, and falling.
 * Bytes of state: 592; LOND and e-LOND use 80 of them. */
enum fdr_rule { FDR_E_LOND, FDR_LOND, FDR_LORD, FDR_SAFFRON, FDR_ADDIS, N_FDR_RULES };

enum { FDR_REJECTIONS_KEPT = 64 };

struct fdr_options {
    enum fdr_rule rule;
    double alpha; /* Level of the FDR, 0 < alpha < 1. Default 0.05. */
    double w0; /* Wealth at first, 0 < w0 <= alpha. Default alpha / 10 (LORD), alpha / 2 (SAFFRON, ADDIS). Not of LOND. */
    double lambda; /* Candidates have p <= lambda, 0 < lambda < 1. Default 0.5 (SAFFRON), 0.25 (ADDIS). */
    double tau; /* A test with p > tau is discarded, lambda < tau <= 1. Default 0.5. ADDIS only. */
};

struct fdr {
    struct fdr_options options;
    uint64_t n_tests;    /* Opened so far. */
    uint64_t n_rejected; /* R. */
    uint64_t n_counted; /* Tests that counted: the index of gamma for the next test is n_counted + 1. */
    double spent; /* LOND: sum of gamma_j; the others: of the levels that counted, over 1, 1 - lambda, tau - lambda. */
    uint32_t n_kept;
    uint64_t kept[FDR_REJECTIONS_KEPT]; /* n_counted after each of the newest rejections, oldest first. */
};

/* What a test came to, as the record of an alarm shows it. */
struct fdr_decision {
    bool is_rejected;
    double level;                       /* alpha_t that the test was held against. */
    double wealth_before, wealth_after; /* fdr_wealth around the test. */
};
/* Wealth: the levels of all tests to come would sum to this at most if none of them were rejected. alpha (R + 1) (1 - sum gamma) for LOND; what was earned
 * less what was spent for the others, of which SAFFRON and ADDIS spend only on tests that count. */
double fdr_wealth(const struct fdr *fdr);

/* The defaults of the rule at this level; alpha as in struct fdr_options. */
struct fdr_options fdr_defaults(enum fdr_rule rule, double alpha);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *fdr_wrong(const struct fdr_options *options);
/* The options must be right (fdr_wrong). */
void fdr_init(struct fdr *fdr, const struct fdr_options *options);
/* Weight gamma_j of the rule, j >= 1. */
double fdr_gamma(enum fdr_rule rule, uint64_t j);
/* alpha_t of the next test; O(1) for LOND, O(FDR_REJECTIONS_KEPT) for the others. */
double fdr_level(const struct fdr *fdr);

/* Tests the next hypothesis. p: in [0, 1]; NaN is no test: nothing is spent. Rules of p-values only. */
struct fdr_decision fdr_step_p(struct fdr *fdr, double p);
/* Likewise; e >= 0. FDR_E_LOND only. */
struct fdr_decision fdr_step_e(struct fdr *fdr, double e);

/* Many tests open at once, each watched by an e-process, FDR_E_LOND only. fdr_open numbers the next test t and spends its base level alpha gamma_t,
 * which the caller keeps with the test. At any later time, fdr_judge rejects the test when its e-process has reached 1 / (base (R + 1)), R being that
 * of the moment. FDR <= alpha whatever depends on whatever: E[e at a stopping time] <= 1, R + 1 at the moment of rejection is at most the final R,
 * and the base levels sum to alpha at most. The caller must not judge a rejected test again. */
double fdr_open(struct fdr *fdr);
struct fdr_decision fdr_judge(struct fdr *fdr, double base, double e);

/* Packs, unpacks or digests; a reader that finds what fdr_init and steps cannot make fails and leaves a fresh e-LOND at 0.05. */
void fdr_visit(struct visit *visit, const char *name, struct fdr *fdr);

/* e = kappa p^(kappa - 1), an e-value for every valid p-value: its integral over (0, 1) is 1 (Vovk, Wang 2021, "E-values: calibration, combination and
 * applications", section 2). 0 < kappa < 1; p in [0, 1], p = 0 counts as 1e-300. */
double fdr_e_of_p(double p, double kappa);

/* Batches of n tests; NaN is never rejected but counts in n. Scratch: n + 1 counts. Returns the number rejected. ret_is_rejected may be NULL.
 * Benjamini and Hochberg 1995: the largest k with at least k p-values <= alpha k / n, and those p-values. Independent or PRDS. O(n). */
size_t fdr_bh(const double *p, size_t n, double alpha, uint32_t *scratch, bool *ret_is_rejected);
/* e-BH, Wang and Ramdas 2022, "False discovery rate control with e-values", section 4: the largest k with at least k e-values >= n / (alpha k). Any
 * dependence. O(n). */
size_t fdr_e_bh(const double *e, size_t n, double alpha, uint32_t *scratch, bool *ret_is_rejected);
/* Adjusted p-values, min over larger p of n p_(k) / k and 1: fdr_bh rejects those <= alpha, but for rounding. p in [0, 1], no NaN. Scratch: n
 * indexes. O(n log n). */
void fdr_bh_adjusted(const double *p, size_t n, uint32_t *scratch, double *ret_adjusted);

#endif
