/* SPDX-License-Identifier: Apache-2.0 */
/* Confidence sequences: mixtures of exponential supermartingales, stitched boundaries, and two streams that bet on a bounded mean. */
#include "core/detect/confidence.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

/* Halvings of an interval until its ends are neighbours, near enough. */
enum { HALVINGS = 60, GOLDEN_STEPS = 80, DOUBLINGS = 60 };
static const double bound_max = 1e300;

static double larger(double a, double b) { return a > b ? a : b; }

static double smaller(double a, double b) { return a < b ? a : b; }

static double log_beta(double a, double b) { return d_lgamma(a) + d_lgamma(b) - d_lgamma(a + b); }

/* rho for which the two-sided normal mixture is tightest at v, near enough. */
static double normal_rho(double v, double alpha)
{
    double twice = -2.0 * d_log(alpha);
    return v / (twice + d_log1p(twice));
}

void mixture_init(struct mixture *mixture, enum mixture_kind kind, double v_opt, double alpha_opt,
                  double c)
{
    ASSERT(v_opt > 0.0);
    ASSERT(alpha_opt > 0.0);
    ASSERT(alpha_opt < 0.5);
    ASSERT(kind < MIXTURE_BETA_BINOMIAL_TWO_SIDED);
    *mixture = (struct mixture){.kind = kind, .c = c};
    /* One-sided kinds spend their error on one side. */
    double alpha = kind == MIXTURE_NORMAL_TWO_SIDED ? alpha_opt : 2.0 * alpha_opt;
    mixture->rho = normal_rho(v_opt, alpha);
    double scaled = mixture->rho / (c * c);
    switch (kind) {
    case MIXTURE_NORMAL_TWO_SIDED:
    case MIXTURE_NORMAL_ONE_SIDED:
        break;
    case MIXTURE_GAMMA_EXPONENTIAL:
        ASSERT(c > 0.0);
        mixture->constant =
            scaled * d_log(scaled) - d_lgamma(scaled) - d_log(d_gamma_p(scaled, scaled));
        break;
    case MIXTURE_GAMMA_POISSON:
        ASSERT(c > 0.0);
        mixture->constant =
            scaled * d_log(scaled) - d_lgamma(scaled) - d_log(d_gamma_q(scaled, scaled));
        break;
    case MIXTURE_BETA_BINOMIAL_TWO_SIDED:
    case MIXTURE_BETA_BINOMIAL_ONE_SIDED:
    case N_MIXTURE_KINDS:
        break;
    }
}

/* ln of the mass of the beta mixture, over all l or over l > 0 alone. */
static double log_beta_mass(const struct mixture *mixture, double a, double b)
{
    double mass = log_beta(a, b);
    if (mixture->kind == MIXTURE_BETA_BINOMIAL_ONE_SIDED) {
        mass += d_log(d_beta_inc(a, b, mixture->h / (mixture->g + mixture->h)));
    }
    return mass;
}

void mixture_init_beta_binomial(struct mixture *mixture, enum mixture_kind kind, double v_opt,
                                double alpha_opt, double g, double h)
{
    ASSERT(kind == MIXTURE_BETA_BINOMIAL_TWO_SIDED || kind == MIXTURE_BETA_BINOMIAL_ONE_SIDED);
    ASSERT(v_opt > 0.0);
    ASSERT(alpha_opt > 0.0);
    ASSERT(alpha_opt < 0.5);
    ASSERT(g > 0.0);
    ASSERT(h > 0.0);
    *mixture = (struct mixture){.kind = kind, .g = g, .h = h};
    double alpha = kind == MIXTURE_BETA_BINOMIAL_TWO_SIDED ? alpha_opt : 2.0 * alpha_opt;
    mixture->rho = larger(normal_rho(v_opt, alpha) - g * h, 1e-3 * g * h);
    double range = g + h;
    mixture->constant =
        -log_beta_mass(mixture, mixture->rho / (g * range), mixture->rho / (h * range));
}

double mixture_log(const struct mixture *mixture, double s, double v)
{
    ASSERT(mixture->kind < N_MIXTURE_KINDS);
    double rho = mixture->rho, c = mixture->c, g = mixture->g, h = mixture->h;
    double total = v + rho, range = g + h;
    double normal = 0.5 * d_log(rho / total) + s * s / (2.0 * total);
    double shape = total / (c * c);
    switch (mixture->kind) {
    case MIXTURE_NORMAL_TWO_SIDED:
        return normal;
    case MIXTURE_NORMAL_ONE_SIDED:
        return normal + d_log(2.0 * d_normal_cdf(s / d_sqrt(total)));
    case MIXTURE_GAMMA_EXPONENTIAL: {
        double moved = (c * s + v) / (c * c), rate = moved + rho / (c * c);
        return mixture->constant + d_lgamma(shape) + d_log(d_gamma_p(shape, rate)) -
               shape * d_log(rate) + moved;
    }
    case MIXTURE_GAMMA_POISSON: {
        double moved = s / c + shape;
        return mixture->constant + d_lgamma(moved) + d_log(d_gamma_q(moved, shape)) -
               moved * d_log(shape) + v / (c * c);
    }
    case MIXTURE_BETA_BINOMIAL_TWO_SIDED:
    case MIXTURE_BETA_BINOMIAL_ONE_SIDED:
        return mixture->constant + v / (g * h) * d_log(range) -
               (v + h * s) / (h * range) * d_log(g) - (v - g * s) / (g * range) * d_log(h) +
               log_beta_mass(mixture, (total - g * s) / (g * range), (total + h * s) / (h * range));
    case N_MIXTURE_KINDS:
        break;
    }
    return 0.0;
}

/* An s at which the mixture is past the threshold. */
static double bound_above(const struct mixture *mixture, double v, double threshold)
{
    double s = v;
    for (uint32_t i = 0; i < DOUBLINGS && mixture_log(mixture, s, v) <= threshold; i++) {
        s *= 2.0;
    }
    return s;
}

double mixture_bound(const struct mixture *mixture, double v, double alpha)
{
    ASSERT(v > 0.0);
    ASSERT(alpha > 0.0);
    ASSERT(alpha < 1.0);
    double threshold = -d_log(alpha), high = 0.0, low = 0.0;
    if (mixture->kind == MIXTURE_NORMAL_TWO_SIDED) {
        double rho = mixture->rho;
        return d_sqrt((v + rho) * (d_log1p(v / rho) + 2.0 * threshold));
    }
    bool is_bounded = mixture->kind == MIXTURE_BETA_BINOMIAL_TWO_SIDED ||
                      mixture->kind == MIXTURE_BETA_BINOMIAL_ONE_SIDED;
    if (is_bounded) {
        high = v / mixture->g;
        if (mixture_log(mixture, high, v) < threshold) {
            return high;
        }
    } else {
        high = bound_above(mixture, v, threshold);
    }
    for (uint32_t i = 0; i < HALVINGS; i++) {
        double middle = 0.5 * (low + high);
        if (mixture_log(mixture, middle, v) < threshold) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return 0.5 * (low + high);
}

/* Riemann's zeta function for s > 1 by Euler and Maclaurin: ten terms, then the integral and three corrections (1e-13). */
static double zeta(double s)
{
    const double n = 10.0;
    double sum = 0.0;
    for (uint32_t k = 1; k < 10; k++) {
        sum += d_pow((double)k, -s);
    }
    double tail = d_pow(n, -s);
    double first = s / (12.0 * n);
    double third = s * (s + 1.0) * (s + 2.0) / (720.0 * n * n * n);
    double fifth = s * (s + 1.0) * (s + 2.0) * (s + 3.0) * (s + 4.0) / (30240.0 * n * n * n * n * n);
    return sum + tail * (n / (s - 1.0) + 0.5 + first - third + fifth);
}

/* The two factors that stitching over epochs of length eta costs. */
static double stitch_spread(double eta)
{
    double root = d_sqrt(d_sqrt(eta));
    return (root + 1.0 / root) / d_sqrt(2.0);
}

static double stitch_shift(double eta) { return 0.5 * (d_sqrt(eta) + 1.0); }

double poly_stitching_bound(double v, double alpha, double v_min, double c, double s, double eta)
{
    ASSERT(v_min > 0.0);
    ASSERT(s > 1.0);
    ASSERT(eta > 1.0);
    double span = larger(v, v_min);
    double level =
        s * d_log(d_log(eta * span / v_min)) + d_log(zeta(s) / d_pow(d_log(eta), s)) - d_log(alpha);
    double spread = stitch_spread(eta), shift = stitch_shift(eta) * c * level;
    return d_sqrt(spread * spread * span * level + shift * shift) + shift;
}

/* Chance that the empirical process leaves the boundary of height A and level C when epochs grow by eta; infinite where the bound says nothing. */
static double lil_error(double A, double C, double eta)
{
    double room = A - d_sqrt(2.0 * (eta - 1.0) / C);
    double square = 2.0 / eta * room * room;
    if (square <= 1.0) {
        return bound_max;
    }
    return 4.0 * d_exp(-square * C) * (1.0 + 1.0 / ((square - 1.0) * d_log(eta)));
}

/* The same at the best eta, by golden section below the eta at which square reaches 1. */
static double lil_error_best(double A, double C)
{
    double low = 1.0, high = 2.0 * A * A;
    for (uint32_t i = 0; i < HALVINGS; i++) {
        double middle = 0.5 * (low + high);
        if (d_sqrt(0.5 * middle) + d_sqrt(2.0 * (middle - 1.0) / C) < A) {
            low = middle;
        } else {
            high = middle;
        }
    }
    const double golden = 0.6180339887498949;
    double from = 1.0, to = low;
    double left = to - golden * (to - from), right = from + golden * (to - from);
    double at_left = lil_error(A, C, left), at_right = lil_error(A, C, right);
    for (uint32_t i = 0; i < GOLDEN_STEPS; i++) {
        if (at_left < at_right) {
            to = right;
            right = left;
            at_right = at_left;
            left = to - golden * (to - from);
            at_left = lil_error(A, C, left);
        } else {
            from = left;
            left = right;
            at_left = at_right;
            right = from + golden * (to - from);
            at_right = lil_error(A, C, right);
        }
    }
    return smaller(at_left, at_right);
}

double empirical_process_lil_bound(double t, double alpha, double t_min, double A)
{
    ASSERT(A * A > 0.5);
    ASSERT(t_min >= 1.0);
    ASSERT(alpha > 0.0);
    ASSERT(alpha < 1.0);
    if (t < t_min) {
        return __builtin_inf();
    }
    double low = 1e-6, high = 5.0;
    for (uint32_t i = 0; i < DOUBLINGS && lil_error_best(A, high) > alpha; i++) {
        high *= 2.0;
    }
    for (uint32_t i = 0; i < HALVINGS; i++) {
        double middle = 0.5 * (low + high);
        if (lil_error_best(A, middle) > alpha) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return A * d_sqrt((d_log1p(d_log(t / t_min)) + high) / t);
}

double double_stitching_bound(double p, double t, double alpha, double t_opt, double delta,
                              double s, double eta)
{
    ASSERT(p > 0.0);
    ASSERT(p < 1.0);
    ASSERT(t_opt >= 1.0);
    ASSERT(delta > 0.0);
    ASSERT(s > 1.0);
    ASSERT(eta > 1.0);
    double span = larger(t, t_opt), logit = d_logit(p);
    double moved = d_logistic(logit + 2.0 * delta * d_sqrt(t_opt * eta / span));
    double r = p >= 0.5 ? p : smaller(0.5, moved);
    double variance = r * (1.0 - r);
    double j = d_sqrt(span / t_opt) * d_abs(logit) / (2.0 * delta) + 1.0;
    double z = zeta(s);
    double level = s * d_log(d_log(eta * span / t_opt)) + s * d_log(j) +
                   d_log(2.0 * z * (2.0 * z + 1.0) / (alpha * d_pow(d_log(eta), s)));
    double spread = stitch_spread(eta);
    double shift = stitch_shift(eta) * (1.0 - 2.0 * p) / 3.0 * level;
    return delta * d_sqrt(eta * span * variance / t_opt) +
           d_sqrt(spread * spread * variance * span * level + shift * shift) + shift;
}

/* Whether the mixture for probability p rejects it. */
static bool bernoulli_rejects(double p, double successes, double n, double alpha, double t_opt,
                              double alpha_opt)
{
    double variance = p * (1.0 - p);
    struct mixture mixture;
    mixture_init_beta_binomial(&mixture, MIXTURE_BETA_BINOMIAL_TWO_SIDED, variance * t_opt,
                               alpha_opt, p, 1.0 - p);
    return mixture_log(&mixture, successes - p * n, variance * n) > -d_log(alpha);
}

void bernoulli_interval(double successes, uint64_t n, double alpha, double t_opt, double alpha_opt,
                        double *ret_lower, double *ret_upper)
{
    ASSERT(n > 0);
    ASSERT(successes >= 0.0);
    ASSERT(successes <= (double)n);
    double trials = (double)n, seen = successes / trials;
    double low = 0.0, high = seen; /* Lower bound: low is rejected, high is not. */
    for (uint32_t i = 0; i < HALVINGS && seen > 0.0; i++) {
        double middle = 0.5 * (low + high);
        if (middle > 0.0 && !bernoulli_rejects(middle, successes, trials, alpha, t_opt, alpha_opt)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    *ret_lower = low;
    low = seen;
    high = 1.0;
    for (uint32_t i = 0; i < HALVINGS && seen < 1.0; i++) {
        double middle = 0.5 * (low + high);
        if (middle < 1.0 && !bernoulli_rejects(middle, successes, trials, alpha, t_opt, alpha_opt)) {
            low = middle;
        } else {
            high = middle;
        }
    }
    *ret_upper = high;
}

struct cs_options cs_defaults(void)
{
    return (struct cs_options){.alpha = 0.05, .lo = 0.0, .hi = 1.0};
}

const char *cs_wrong(const struct cs_options *options)
{
    bool is_finite = d_abs(options->lo) <= bound_max && d_abs(options->hi) <= bound_max;
    if (!is_finite || !(options->lo < options->hi)) {
        return "lo and hi must be finite, lo below hi";
    }
    if (!(options->alpha >= 1e-12 && options->alpha <= 0.5)) {
        return "alpha must be 1e-12 .. 0.5";
    }
    return NULL;
}

static double scaled(const struct cs_options *options, double x)
{
    double held = smaller(larger(x, options->lo), options->hi);
    return (held - options->lo) / (options->hi - options->lo);
}

static double unscaled(const struct cs_options *options, double y)
{
    return options->lo + y * (options->hi - options->lo);
}

static void bets_init(struct predictable_bets *bets)
{
    *bets = (struct predictable_bets){.mean = 0.5};
}

/* The bet on the value that comes next: from the past alone. */
static double bets_next(const struct predictable_bets *bets, double alpha)
{
    double t = (double)(bets->n + 1);
    double variance = (0.25 + bets->squares) / t;
    return d_sqrt(2.0 * d_log(2.0 / alpha) / (t * d_log1p(t) * variance));
}

static void bets_learn(struct predictable_bets *bets, double y)
{
    bets->n++;
    bets->sum += y;
    bets->mean = (0.5 + bets->sum) / ((double)bets->n + 1.0);
    bets->squares += (y - bets->mean) * (y - bets->mean);
}

void bernstein_cs_init(struct bernstein_cs *cs, const struct cs_options *options)
{
    ASSERT(cs_wrong(options) == NULL);
    *cs = (struct bernstein_cs){.options = *options, .lower = 0.0, .upper = 1.0};
    bets_init(&cs->bets);
}

void bernstein_cs_step(struct bernstein_cs *cs, double x)
{
    if (x != x) {
        return;
    }
    double y = scaled(&cs->options, x);
    double lambda = smaller(bets_next(&cs->bets, cs->options.alpha), 0.5);
    double deviation = y - cs->bets.mean;
    cs->weights += lambda;
    cs->weighted += lambda * y;
    cs->penalty += deviation * deviation * (-d_log1p(-lambda) - lambda);
    bets_learn(&cs->bets, y);
    double centre = cs->weighted / cs->weights;
    double margin = (d_log(2.0 / cs->options.alpha) + cs->penalty) / cs->weights;
    cs->lower = larger(cs->lower, centre - margin);
    cs->upper = smaller(cs->upper, centre + margin);
}

double bernstein_cs_lower(const struct bernstein_cs *cs)
{
    return unscaled(&cs->options, cs->lower);
}

double bernstein_cs_upper(const struct bernstein_cs *cs)
{
    return unscaled(&cs->options, cs->upper);
}

static const double bet_share = 0.5; /* Of what a candidate could lose at most. */
/* Wealth is kept from becoming subnormal, which is slow: a gift of 1e-200 a step, nothing against the wealth that rejects. */
static const double wealth_min = 1e-200;

void betting_cs_init(struct betting_cs *cs, const struct cs_options *options)
{
    ASSERT(cs_wrong(options) == NULL);
    cs->options = *options;
    bets_init(&cs->bets);
    cs->lower = 0;
    cs->upper = BETTING_GRID;
    for (uint32_t i = 0; i < BETTING_GRID; i++) {
        cs->above[i] = 1.0;
        cs->below[i] = 1.0;
    }
}

void betting_cs_step(struct betting_cs *cs, double x)
{
    if (x != x) {
        return;
    }
    double y = scaled(&cs->options, x);
    double lambda = bets_next(&cs->bets, cs->options.alpha);
    double threshold = 2.0 / cs->options.alpha;
    uint32_t lower = cs->lower, upper = cs->upper;
    /* The ends go on being bet against from inside: when the mean moves, the bounds cross. */
    uint32_t first = lower > 0 ? lower : 1, last = upper < BETTING_GRID ? upper : BETTING_GRID - 1;
    for (uint32_t i = first; i <= last; i++) {
        double m = (double)i / (double)BETTING_GRID, excess = y - m;
        if (i > cs->lower) {
            double wealth = cs->above[i] * (1.0 + smaller(lambda, bet_share / m) * excess);
            cs->above[i] = larger(wealth, wealth_min);
            lower = wealth >= threshold ? i : lower;
        }
        if (i < cs->upper) {
            double wealth = cs->below[i] * (1.0 - smaller(lambda, bet_share / (1.0 - m)) * excess);
            cs->below[i] = larger(wealth, wealth_min);
            upper = wealth >= threshold && i < upper ? i : upper;
        }
    }
    cs->lower = lower;
    cs->upper = upper;
    bets_learn(&cs->bets, y);
}

double betting_cs_lower(const struct betting_cs *cs)
{
    return unscaled(&cs->options, (double)cs->lower / (double)BETTING_GRID);
}

double betting_cs_upper(const struct betting_cs *cs)
{
    return unscaled(&cs->options, (double)cs->upper / (double)BETTING_GRID);
}
