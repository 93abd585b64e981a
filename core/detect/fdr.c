/* SPDX-License-Identifier: Apache-2.0 */
/* Error control: levels of the online rules, and the step-up rules of a batch. */
#include "core/detect/fdr.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

static bool is_lond(enum fdr_rule rule) { return rule == FDR_E_LOND || rule == FDR_LOND; }

static bool is_power(enum fdr_rule rule) { return rule == FDR_SAFFRON || rule == FDR_ADDIS; }

double fdr_gamma(enum fdr_rule rule, uint64_t j)
{
    ASSERT(j >= 1);
    double x = (double)j;
    if (is_power(rule)) {
        return 0.4374901658 * d_pow(x, -1.6);
    }
    return 0.07720838 * d_log(x < 2.0 ? 2.0 : x) / (x * d_exp(d_sqrt(d_log(x))));
}

struct fdr_options fdr_defaults(enum fdr_rule rule, double alpha)
{
    struct fdr_options options = {
        .rule = rule, .alpha = alpha, .w0 = alpha, .lambda = 0.5, .tau = 1.0};
    if (rule == FDR_LORD) {
        options.w0 = alpha / 10.0;
    } else if (rule == FDR_SAFFRON) {
        options.w0 = alpha / 2.0;
    } else if (rule == FDR_ADDIS) {
        options.w0 = alpha / 2.0;
        options.lambda = 0.25;
        options.tau = 0.5;
    }
    return options;
}

const char *fdr_wrong(const struct fdr_options *options)
{
    if ((uint32_t)options->rule >= N_FDR_RULES) {
        return "rule must be one of the list";
    }
    if (!(options->alpha > 0.0 && options->alpha < 1.0)) {
        return "alpha must lie between 0 and 1";
    }
    if (!(options->w0 > 0.0 && options->w0 <= options->alpha)) {
        return "w0 must be above 0 and at most alpha";
    }
    if (!(options->lambda > 0.0 && options->lambda < 1.0)) {
        return "lambda must lie between 0 and 1";
    }
    if (!(options->tau > options->lambda && options->tau <= 1.0)) {
        return "tau must be above lambda and at most 1";
    }
    return NULL;
}

void fdr_init(struct fdr *fdr, const struct fdr_options *options)
{
    ASSERT(fdr_wrong(options) == NULL);
    *fdr = (struct fdr){.options = *options};
}

/* What the sum of the levels of LORD is multiplied by: the share of the null p-values that count. */
static double share(const struct fdr_options *options)
{
    switch (options->rule) {
    case FDR_SAFFRON:
        return 1.0 - options->lambda;
    case FDR_ADDIS:
        return options->tau - options->lambda;
    case FDR_E_LOND:
    case FDR_LOND:
    case FDR_LORD:
    case N_FDR_RULES:
        break;
    }
    return 1.0;
}

static double earned_level(const struct fdr *fdr)
{
    const struct fdr_options *options = &fdr->options;
    double level = options->w0 * fdr_gamma(options->rule, fdr->n_counted + 1);
    bool is_first_kept = fdr->n_kept == fdr->n_rejected; /* The first rejection pays back w0. */
    for (uint32_t i = 0; i < fdr->n_kept; i++) {
        double payout = i == 0 && is_first_kept ? options->alpha - options->w0 : options->alpha;
        level += payout * fdr_gamma(options->rule, fdr->n_counted - fdr->kept[i] + 1);
    }
    level *= share(options);
    bool is_capped = is_power(options->rule) && level > options->lambda;
    return is_capped ? options->lambda : level;
}

/* Of LOND, for a base level. */
static double raised(const struct fdr *fdr, double base)
{
    return base * ((double)fdr->n_rejected + 1.0);
}

double fdr_level(const struct fdr *fdr)
{
    const struct fdr_options *options = &fdr->options;
    if (is_lond(options->rule)) {
        return raised(fdr, options->alpha * fdr_gamma(options->rule, fdr->n_counted + 1));
    }
    return earned_level(fdr);
}

double fdr_wealth(const struct fdr *fdr)
{
    const struct fdr_options *options = &fdr->options;
    if (is_lond(options->rule)) {
        return raised(fdr, options->alpha) * (1.0 - fdr->spent);
    }
    double earned = options->w0;
    if (fdr->n_rejected > 0) {
        earned += options->alpha * (double)fdr->n_rejected - options->w0;
    }
    return earned - fdr->spent;
}

static void keep_rejection(struct fdr *fdr)
{
    if (fdr->n_kept == FDR_REJECTIONS_KEPT) {
        for (uint32_t i = 1; i < FDR_REJECTIONS_KEPT; i++) {
            fdr->kept[i - 1] = fdr->kept[i];
        }
        fdr->n_kept--;
    }
    fdr->kept[fdr->n_kept++] = fdr->n_counted;
}

static bool counts(const struct fdr_options *options, double p)
{
    switch (options->rule) {
    case FDR_SAFFRON:
        return p > options->lambda;
    case FDR_ADDIS:
        return p > options->lambda && p <= options->tau;
    case FDR_E_LOND:
    case FDR_LOND:
    case FDR_LORD:
    case N_FDR_RULES:
        break;
    }
    return true;
}

static struct fdr_decision no_test(const struct fdr *fdr)
{
    double wealth = fdr_wealth(fdr);
    return (struct fdr_decision){false, fdr_level(fdr), wealth, wealth};
}

struct fdr_decision fdr_step_p(struct fdr *fdr, double p)
{
    const struct fdr_options *options = &fdr->options;
    ASSERT(options->rule != FDR_E_LOND);
    if (p != p) {
        return no_test(fdr);
    }
    ASSERT(p >= 0.0);
    struct fdr_decision decision = {.level = fdr_level(fdr), .wealth_before = fdr_wealth(fdr)};
    decision.is_rejected = p <= decision.level;
    fdr->n_tests++;
    if (counts(options, p)) {
        fdr->n_counted++;
        fdr->spent += is_lond(options->rule) ? fdr_gamma(options->rule, fdr->n_counted)
                                             : decision.level / share(options);
    }
    if (decision.is_rejected) {
        fdr->n_rejected++;
        if (!is_lond(options->rule)) {
            keep_rejection(fdr);
        }
    }
    decision.wealth_after = fdr_wealth(fdr);
    return decision;
}

double fdr_open(struct fdr *fdr)
{
    ASSERT(fdr->options.rule == FDR_E_LOND);
    fdr->n_tests++;
    fdr->n_counted++;
    double gamma = fdr_gamma(FDR_E_LOND, fdr->n_counted);
    fdr->spent += gamma;
    return fdr->options.alpha * gamma;
}

struct fdr_decision fdr_judge(struct fdr *fdr, double base, double e)
{
    ASSERT(fdr->options.rule == FDR_E_LOND);
    ASSERT(base > 0.0);
    struct fdr_decision decision = {.level = raised(fdr, base), .wealth_before = fdr_wealth(fdr)};
    decision.is_rejected = e >= 1.0 / decision.level;
    fdr->n_rejected += decision.is_rejected ? 1 : 0;
    decision.wealth_after = fdr_wealth(fdr);
    return decision;
}

struct fdr_decision fdr_step_e(struct fdr *fdr, double e)
{
    ASSERT(fdr->options.rule == FDR_E_LOND);
    if (e != e) {
        return no_test(fdr);
    }
    double wealth = fdr_wealth(fdr);
    double base = fdr_open(fdr);
    struct fdr_decision decision = fdr_judge(fdr, base, e);
    decision.wealth_before = wealth; /* Before the level was spent. */
    return decision;
}

static bool is_possible(const struct fdr *fdr)
{
    bool is_lond_rule = is_lond(fdr->options.rule);
    bool is_all_kept = fdr->n_rejected <= FDR_REJECTIONS_KEPT;
    uint64_t n_expected = is_all_kept ? fdr->n_rejected : FDR_REJECTIONS_KEPT;
    bool is_possible = fdr->n_rejected <= fdr->n_tests && fdr->n_counted <= fdr->n_tests;
    is_possible = is_possible && fdr->n_kept == (is_lond_rule ? 0 : n_expected);
    is_possible = is_possible && fdr->spent >= 0.0 && fdr->spent <= 1e18;
    for (uint32_t i = 0; is_possible && i < fdr->n_kept; i++) {
        uint64_t next = i + 1 < fdr->n_kept ? fdr->kept[i + 1] : fdr->n_counted;
        is_possible = fdr->kept[i] <= next;
    }
    return is_possible;
}

void fdr_visit(struct visit *visit, const char *name, struct fdr *fdr)
{
    visit_begin(visit, name, -1);
    VISIT_ENUM(visit, &fdr->options, rule, N_FDR_RULES);
    visit_f64(visit, "alpha", &fdr->options.alpha);
    visit_f64(visit, "w0", &fdr->options.w0);
    visit_f64(visit, "lambda", &fdr->options.lambda);
    visit_f64(visit, "tau", &fdr->options.tau);
    visit_u64(visit, "tests", &fdr->n_tests);
    visit_u64(visit, "rejected", &fdr->n_rejected);
    visit_u64(visit, "n_counted", &fdr->n_counted);
    visit_f64(visit, "spent", &fdr->spent);
    visit_u32(visit, "n_kept", &fdr->n_kept);
    bool fits = fdr->n_kept <= FDR_REJECTIONS_KEPT;
    for (uint32_t i = 0; fits && i < fdr->n_kept; i++) {
        visit_u64(visit, "kept", &fdr->kept[i]);
    }
    visit_end(visit);
    if (!visit->reading) {
        return;
    }
    if (visit->failed || !fits || fdr_wrong(&fdr->options) != NULL || !is_possible(fdr)) {
        visit->failed = true;
        struct fdr_options options = fdr_defaults(FDR_E_LOND, 0.05);
        fdr_init(fdr, &options);
        return;
    }
    for (uint32_t i = fdr->n_kept; i < FDR_REJECTIONS_KEPT; i++) {
        fdr->kept[i] = 0; /* What stands behind the kept ones says nothing. */
    }
}

double fdr_e_of_p(double p, double kappa)
{
    ASSERT(kappa > 0.0);
    ASSERT(kappa < 1.0);
    static const double p_min = 1e-300;
    return kappa * d_pow(p < p_min ? p_min : p, kappa - 1.0);
}

/* The smallest k in 1 .. n with p <= alpha k / n; n + 1 when there is none. Division and rounding may miss by one: the comparison decides. */
static size_t rank_needed(double p, size_t n, double alpha)
{
    double size = (double)n;
    if (!(p <= alpha)) { /* NaN as well. */
        return n + 1;
    }
    double guess = d_floor(p / alpha * size);
    size_t k = guess < 1.0 ? 1 : (size_t)guess;
    k = k > 1 ? k - 1 : k;
    while (k <= n && !(p <= alpha * (double)k / size)) {
        k++;
    }
    return k;
}

/* Counts how many tests each rank would satisfy, so that nothing has to be put in order. */
static size_t step_up(const double *values, bool is_e, size_t n, double alpha, uint32_t *scratch,
                      bool *ret_is_rejected)
{
    ASSERT(n < UINT32_MAX);
    ASSERT(alpha > 0.0);
    ASSERT(alpha < 1.0);
    for (size_t k = 0; k <= n; k++) {
        scratch[k] = 0;
    }
    for (size_t i = 0; i < n; i++) {
        size_t k = rank_needed(is_e ? 1.0 / values[i] : values[i], n, alpha);
        scratch[k - 1]++;
    }
    size_t n_at_most = 0, n_rejected = 0;
    for (size_t k = 1; k <= n; k++) {
        n_at_most += scratch[k - 1];
        n_rejected = n_at_most >= k ? k : n_rejected;
    }
    for (size_t i = 0; ret_is_rejected != NULL && i < n; i++) {
        ret_is_rejected[i] = rank_needed(is_e ? 1.0 / values[i] : values[i], n, alpha) <= n_rejected;
    }
    return n_rejected;
}

size_t fdr_bh(const double *p, size_t n, double alpha, uint32_t *scratch, bool *ret_is_rejected)
{
    return step_up(p, false, n, alpha, scratch, ret_is_rejected);
}

size_t fdr_e_bh(const double *e, size_t n, double alpha, uint32_t *scratch, bool *ret_is_rejected)
{
    return step_up(e, true, n, alpha, scratch, ret_is_rejected);
}

static void sift(const double *p, uint32_t *order, size_t root, size_t n)
{
    uint32_t moved = order[root];
    for (size_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
        bool is_right = child + 1 < n && p[order[child]] < p[order[child + 1]];
        child += is_right ? 1 : 0;
        if (!(p[moved] < p[order[child]])) {
            break;
        }
        order[root] = order[child];
        root = child;
    }
    order[root] = moved;
}

/* Heapsort: indexes by ascending p. Ties may come in any order, which is the same on every machine and of no effect on what is adjusted. */
static void sort_indexes(const double *p, uint32_t *order, size_t n)
{
    for (size_t i = n / 2; i > 0; i--) {
        sift(p, order, i - 1, n);
    }
    for (size_t end = n; end > 1; end--) {
        uint32_t largest = order[0];
        order[0] = order[end - 1];
        order[end - 1] = largest;
        sift(p, order, 0, end - 1);
    }
}

void fdr_bh_adjusted(const double *p, size_t n, uint32_t *scratch, double *ret_adjusted)
{
    ASSERT(n < UINT32_MAX);
    for (size_t i = 0; i < n; i++) {
        ASSERT(p[i] >= 0.0);
        scratch[i] = (uint32_t)i;
    }
    sort_indexes(p, scratch, n);
    double least = 1.0;
    for (size_t rank = n; rank > 0; rank--) {
        uint32_t i = scratch[rank - 1];
        double adjusted = (double)n / (double)rank * p[i];
        least = adjusted < least ? adjusted : least;
        ret_adjusted[i] = least;
    }
}
