/* SPDX-License-Identifier: Apache-2.0 */
/* Levels against the R package onlineFDR, digit for digit; the promise itself by simulation; state that can be put away and taken up again. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/fdr.h"
#include "tests/lib/memory_visit.h"

enum { TESTS = 15 };

static const double p_values[TESTS] = {2.90e-08, .06743, .01514, .08174, .00171,
                                       3.60e-05, .79149, .27201, .28295, 7.59e-08,
                                       .69274,   .30443, .00136, .72342, .54757};

/* The file whole, or the test is skipped. */
static const char *golden(void)
{
    static char text[8192];
    const char *folder = getenv("STEWARD_TRUTH_DIR");
    if (folder == NULL || folder[0] == '\0') {
        (void)printf("STEWARD_TRUTH_DIR is not set\n");
        (void)fflush(stdout);
        skip();
    }
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/oracles/onlineFDR_golden.txt", folder);
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    size_t n = fread(text, 1, sizeof(text) - 1, stream);
    assert_int_equal(fclose(stream), 0);
    text[n] = '\0';
    return text;
}

/* The next number at *at and half a unit of its last digit. */
static double number(const char **at, double *ret_half_unit)
{
    char *end = NULL;
    double value = strtod(*at, &end);
    assert_true(end != *at);
    int n_decimals = 0;
    const char *point = memchr(*at, '.', (size_t)(end - *at));
    for (const char *digit = point == NULL ? end : point + 1; digit < end && *digit != 'e'; digit++) {
        n_decimals++;
    }
    *ret_half_unit = 0.5000001 * pow(10.0, -n_decimals);
    *at = end;
    return value;
}

static void check_rule(enum fdr_rule rule, const char *section)
{
    const char *at = strstr(golden(), section);
    assert_non_null(at);
    at = strstr(at, "alphai=") + strlen("alphai=");
    const char *rejected = strstr(at, "R=") + strlen("R=");
    struct fdr_options options = fdr_defaults(rule, 0.05);
    struct fdr fdr;
    fdr_init(&fdr, &options);
    for (int i = 0; i < TESTS; i++) {
        double half_unit = 0.0, expected = number(&at, &half_unit), unused = 0.0;
        bool is_expected = number(&rejected, &unused) != 0.0;
        double announced = fdr_level(&fdr);
        struct fdr_decision decision = fdr_step_p(&fdr, p_values[i]);
        assert_true(decision.level == announced);
        if (!(fabs(decision.level - expected) <= half_unit)) {
            fail_msg("%s test %d: level %.15g, expected %.15g", section, i + 1, decision.level,
                     expected);
        }
        assert_int_equal(decision.is_rejected, is_expected);
    }
}

static void fdr_level_when_lond_is_that_of_online_fdr(void **state)
{
    (void)state;
    check_rule(FDR_LOND, "LOND ");
}

static void fdr_level_when_lord_is_that_of_online_fdr(void **state)
{
    (void)state;
    check_rule(FDR_LORD, "LORD ");
}

static void fdr_level_when_saffron_is_that_of_online_fdr(void **state)
{
    (void)state;
    check_rule(FDR_SAFFRON, "SAFFRON ");
}

static void fdr_level_when_addis_is_that_of_online_fdr(void **state)
{
    (void)state;
    check_rule(FDR_ADDIS, "ADDIS ");
}

/* The figures once more, typed in, so that they are checked without the truth folder. */
static void fdr_level_when_lord_starts_has_the_known_figures(void **state)
{
    (void)state;
    static const double known[7] = {.000267583854563, .002466445719982, .000573281754205,
                                    .000487280476046, .0004059066212,   .000344728638629,
                                    .002974501282098};
    struct fdr_options options = fdr_defaults(FDR_LORD, 0.05);
    struct fdr fdr;
    fdr_init(&fdr, &options);
    for (int i = 0; i < 7; i++) {
        assert_true(fabs(fdr_step_p(&fdr, p_values[i]).level - known[i]) <= 5.1e-16);
    }
}

static void fdr_bh_adjusted_when_compared_is_that_of_r(void **state)
{
    (void)state;
    const char *at = strstr(golden(), "\nBH ");
    assert_non_null(at);
    at += strlen("\nBH ");
    double adjusted[TESTS];
    uint32_t scratch[TESTS + 1];
    bool is_rejected[TESTS];
    fdr_bh_adjusted(p_values, TESTS, scratch, adjusted);
    assert_int_equal(fdr_bh(p_values, TESTS, 0.05, scratch, is_rejected), 6);
    for (int i = 0; i < TESTS; i++) {
        double half_unit = 0.0, expected = number(&at, &half_unit);
        assert_true(fabs(adjusted[i] - expected) <= half_unit);
        assert_int_equal(is_rejected[i], expected <= 0.05);
    }
}

static void fdr_bh_when_adjusted_says_the_same_rejects_the_same(void **state)
{
    (void)state;
    enum { MOST = 300 };
    static double p[MOST], e[MOST], adjusted[MOST];
    static uint32_t scratch[MOST + 1];
    static bool by_p[MOST], by_e[MOST];
    struct stream stream;
    stream_init(&stream, 30, "tests/fdr/bh", 0);
    size_t n_some = 0;
    for (int trial = 0; trial < 500; trial++) {
        size_t n = 1 + stream_below(&stream, MOST);
        for (size_t i = 0; i < n; i++) {
            double unit = stream_unit(&stream);
            p[i] = stream_chance(&stream, 0.3) ? unit * 0.01 : unit;
            p[i] = stream_chance(&stream, 0.1) && i > 0 ? p[i - 1] : p[i]; /* Ties. */
            e[i] = 1.0 / p[i];
        }
        double alpha = stream_between(&stream, 0.001, 0.3);
        fdr_bh_adjusted(p, n, scratch, adjusted);
        size_t n_p = fdr_bh(p, n, alpha, scratch, by_p);
        size_t n_e = fdr_e_bh(e, n, alpha, scratch, by_e);
        size_t n_adjusted = 0;
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(by_p[i], adjusted[i] <= alpha);
            n_adjusted += adjusted[i] <= alpha ? 1 : 0;
            bool is_safe = 1.0 / e[i] == p[i]; /* Two divisions may be one unit off. */
            assert_true(!is_safe || by_e[i] == by_p[i] || n_e != n_p);
        }
        assert_int_equal(n_p, n_adjusted);
        n_some += n_p > 0 && n_p < n ? 1 : 0;
    }
    assert_true(n_some > 100);
}

static void fdr_e_bh_when_values_are_at_the_edge_rejects_them(void **state)
{
    (void)state;
    /* n / (alpha k) at alpha = 1/4, n = 4: 16, 8, 5.33, 4. */
    const double just[4] = {8.0, 8.0, 1.0, 0.0}, under[4] = {15.9, 7.9, 5.3, 3.9};
    const double all[4] = {4.0, 4.0, 4.0, 4.0}, odd[4] = {NAN, INFINITY, NAN, 7.0};
    uint32_t scratch[5];
    bool is_rejected[4];
    assert_int_equal(fdr_e_bh(just, 4, 0.25, scratch, is_rejected), 2);
    assert_true(is_rejected[0]);
    assert_true(is_rejected[1]);
    assert_false(is_rejected[2]);
    assert_false(is_rejected[3]);
    assert_int_equal(fdr_e_bh(under, 4, 0.25, scratch, NULL), 0);
    assert_int_equal(fdr_e_bh(all, 4, 0.25, scratch, NULL), 4);
    assert_int_equal(fdr_e_bh(odd, 4, 0.25, scratch, is_rejected), 1);
    assert_true(is_rejected[1]);
    assert_int_equal(fdr_bh(NULL, 0, 0.05, scratch, NULL), 0);
}

/* Wealth is what all levels to come add up to: a long quiet stream spends it and no more. */
static void fdr_wealth_when_nothing_is_rejected_is_what_is_spent(void **state)
{
    (void)state;
    static const enum fdr_rule rules[] = {FDR_LOND, FDR_LORD, FDR_SAFFRON};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct fdr_options options = fdr_defaults(rules[i], 0.05);
        struct fdr fdr;
        fdr_init(&fdr, &options);
        double first = fdr_wealth(&fdr), sum = 0.0;
        assert_true(fabs(first - options.w0) < 1e-15);
        for (int t = 0; t < 20000; t++) {
            struct fdr_decision decision = fdr_step_p(&fdr, 1.0);
            assert_false(decision.is_rejected);
            assert_true(decision.wealth_after < decision.wealth_before);
            assert_true(decision.wealth_after > 0.0);
            sum += decision.level / (rules[i] == FDR_SAFFRON ? 0.5 : 1.0);
        }
        assert_true(fabs(first - sum - fdr_wealth(&fdr)) < 1e-12);
    }
}

static void fdr_step_e_when_evidence_is_enough_rejects_and_earns(void **state)
{
    (void)state;
    struct fdr_options options = fdr_defaults(FDR_E_LOND, 0.05);
    struct fdr fdr;
    fdr_init(&fdr, &options);
    double level = 0.05 * fdr_gamma(FDR_E_LOND, 1);
    struct fdr_decision decision = fdr_step_e(&fdr, 1.0 / level);
    assert_true(decision.is_rejected);
    assert_true(decision.level == level);
    assert_true(fabs(decision.wealth_before - 0.05) < 1e-15);
    assert_true(decision.wealth_after > decision.wealth_before);
    assert_true(fdr_level(&fdr) == 0.05 * fdr_gamma(FDR_E_LOND, 2) * 2.0);
    decision = fdr_step_e(&fdr, 0.999 / fdr_level(&fdr));
    assert_false(decision.is_rejected);
    struct fdr before = fdr;
    decision = fdr_step_e(&fdr, NAN);
    assert_false(decision.is_rejected);
    assert_memory_equal(&before, &fdr, sizeof(fdr));
}

/* A test opened early and rejected late uses the rejections in between. */
static void fdr_judge_when_others_were_rejected_asks_for_less(void **state)
{
    (void)state;
    struct fdr_options options = fdr_defaults(FDR_E_LOND, 0.1);
    struct fdr fdr;
    fdr_init(&fdr, &options);
    double first = fdr_open(&fdr), second = fdr_open(&fdr);
    assert_true(second < first);
    double e = 0.6 / second;
    assert_false(fdr_judge(&fdr, second, e).is_rejected);
    assert_true(fdr_judge(&fdr, first, 2.0 / first).is_rejected);
    struct fdr_decision decision = fdr_judge(&fdr, second, e);
    assert_true(decision.is_rejected);
    assert_true(decision.level == 2.0 * second);
    assert_int_equal(fdr.n_rejected, 2);
    assert_int_equal(fdr.n_tests, 2);
}

static void fdr_level_when_rejections_are_dropped_is_lower_and_no_lower_than_without(void **state)
{
    (void)state;
    struct fdr_options options = fdr_defaults(FDR_LORD, 0.05);
    struct fdr fdr;
    fdr_init(&fdr, &options);
    enum { LONG = 400 };
    static int times[LONG];
    int n = 0;
    struct stream stream;
    stream_init(&stream, 31, "tests/fdr/dropped", 0);
    for (int t = 1; t <= LONG; t++) {
        double whole = options.w0 * fdr_gamma(FDR_LORD, (uint64_t)t), kept = whole;
        for (int j = 0; j < n; j++) {
            double term = (j == 0 ? options.alpha - options.w0 : options.alpha) *
                          fdr_gamma(FDR_LORD, (uint64_t)(t - times[j]));
            whole += term;
            kept += n - j <= FDR_REJECTIONS_KEPT ? term : 0.0;
        }
        struct fdr_decision decision = fdr_step_p(&fdr, stream_chance(&stream, 0.5) ? 0.0 : 1.0);
        assert_true(fabs(decision.level - kept) <= 1e-15);
        assert_true(decision.level <= whole + 1e-15);
        assert_true(whole - decision.level <= 3.3e-5 * (double)n);
        if (decision.is_rejected) {
            times[n++] = t;
        }
    }
    assert_true(n > 2 * FDR_REJECTIONS_KEPT);
}

static void fdr_gamma_when_summed_is_at_most_one(void **state)
{
    (void)state;
    for (int rule = 0; rule < N_FDR_RULES; rule++) {
        double sum = 0.0, before = 1.0;
        for (uint64_t j = 1; j <= 100000; j++) {
            double gamma = fdr_gamma((enum fdr_rule)rule, j);
            assert_true(gamma > 0.0);
            assert_true(gamma < before);
            before = gamma;
            sum += gamma;
        }
        /* Of j^-1.6 the rest is below the integral from 100,000 on, 0.7292 * 0.001. */
        assert_true(rule >= FDR_SAFFRON ? fabs(sum + 0.4374901658 / 0.6 * 1e-3 - 1.0) < 1e-7
                                        : sum < 0.9763);
    }
}

static void fdr_e_of_p_when_p_is_uniform_has_a_mean_of_one(void **state)
{
    (void)state;
    assert_true(fabs(fdr_e_of_p(0.01, 0.5) - 5.0) < 1e-12);
    assert_true(fdr_e_of_p(1.0, 0.3) == 0.3);
    assert_true(fdr_e_of_p(0.0, 0.5) < INFINITY);
    static const double kappas[] = {0.3, 0.5, 0.9};
    for (size_t i = 0; i < 3; i++) {
        /* Midpoint rule in u = p^kappa, of which dp = u^(1/kappa - 1) / kappa du. */
        double sum = 0.0;
        for (int j = 0; j < 1000; j++) {
            double u = (j + 0.5) / 1000.0, p = pow(u, 1.0 / kappas[i]);
            sum += fdr_e_of_p(p, kappas[i]) * pow(u, 1.0 / kappas[i] - 1.0) / kappas[i] / 1000.0;
        }
        assert_true(fabs(sum - 1.0) < 1e-9);
    }
}

/* Runs of 200 tests, a fifth of them drifted: mean share of false ones among the rejected, with three standard errors. */
static void fdr_step_when_many_are_tested_holds_its_level(void **state)
{
    (void)state;
    enum { RUNS = 500, LENGTH = 200 };
    const double alpha = 0.1;
    for (int rule = 0; rule < N_FDR_RULES; rule++) {
        struct stream stream;
        stream_init(&stream, 32, "tests/fdr/level", (uint64_t)rule);
        struct fdr_options options = fdr_defaults((enum fdr_rule)rule, alpha);
        double sum = 0.0, squares = 0.0, found = 0.0, drifted = 0.0;
        for (int run = 0; run < RUNS; run++) {
            struct fdr fdr;
            fdr_init(&fdr, &options);
            double n_false = 0.0, n_rejected = 0.0;
            for (int t = 0; t < LENGTH; t++) {
                bool is_drifted = stream_chance(&stream, 0.2) != 0;
                double z = stream_normal(&stream) + (is_drifted ? 3.5 : 0.0);
                double p = 0.5 * erfc(z / sqrt(2.0));
                double e = exp(3.5 * z - 0.5 * 3.5 * 3.5); /* The likelihood ratio. */
                bool is_rejected = rule == FDR_E_LOND ? fdr_step_e(&fdr, e).is_rejected
                                                      : fdr_step_p(&fdr, p).is_rejected;
                n_rejected += is_rejected ? 1.0 : 0.0;
                n_false += is_rejected && !is_drifted ? 1.0 : 0.0;
                drifted += is_drifted ? 1.0 : 0.0;
            }
            found += n_rejected - n_false;
            double share = n_rejected > 0.0 ? n_false / n_rejected : 0.0;
            sum += share;
            squares += share * share;
        }
        double mean = sum / RUNS, error = sqrt((squares / RUNS - mean * mean) / RUNS);
        if (mean > alpha + 3.0 * error) {
            fail_msg("rule %d: FDR %.4f +/- %.4f (seed 32)", rule, mean, error);
        }
        assert_true(found / drifted > 0.2); /* It is not kept by finding nothing. */
    }
}

static void fdr_visit_when_read_back_goes_on_alike(void **state)
{
    (void)state;
    static struct memory_visit memory;
    for (int rule = 0; rule < N_FDR_RULES; rule++) {
        struct fdr_options options = fdr_defaults((enum fdr_rule)rule, 0.05);
        struct fdr fdr, again;
        fdr_init(&fdr, &options);
        memset(&again, 0x5a, sizeof(again));
        struct stream stream;
        stream_init(&stream, 33, "tests/fdr/visit", (uint64_t)rule);
        for (int t = 0; t < 200; t++) {
            double p = stream_chance(&stream, 0.5) ? 1e-9 : stream_unit(&stream);
            (void)(rule == FDR_E_LOND ? fdr_step_e(&fdr, 1.0 / p) : fdr_step_p(&fdr, p));
        }
        memory_visit_init(&memory);
        fdr_visit(&memory.visit, "fdr", &fdr);
        memory_visit_rewind(&memory);
        fdr_visit(&memory.visit, "fdr", &again);
        assert_false(memory.visit.failed);
        assert_true(memory_visit_is_done(&memory));
        assert_int_equal(fdr.n_rejected, again.n_rejected);
        for (int t = 0; t < 50; t++) {
            assert_true(fdr_level(&fdr) == fdr_level(&again));
            assert_true(fdr_wealth(&fdr) == fdr_wealth(&again));
            (void)(rule == FDR_E_LOND ? fdr_step_e(&fdr, 3.0) : fdr_step_p(&fdr, 0.4));
            (void)(rule == FDR_E_LOND ? fdr_step_e(&again, 3.0) : fdr_step_p(&again, 0.4));
        }
    }
}

static void fdr_visit_when_state_is_impossible_fails(void **state)
{
    (void)state;
    static struct memory_visit memory;
    struct fdr_options options = fdr_defaults(FDR_LORD, 0.05);
    for (int fault = 0; fault < 5; fault++) {
        struct fdr fdr, again;
        fdr_init(&fdr, &options);
        (void)fdr_step_p(&fdr, 0.0);
        (void)fdr_step_p(&fdr, 0.0);
        fdr.n_rejected += fault == 0 ? 5 : 0;
        fdr.kept[1] = fault == 1 ? 9 : fdr.kept[1];
        fdr.options.w0 = fault == 2 ? 0.06 : fdr.options.w0;
        fdr.spent = fault == 3 ? (double)NAN : fdr.spent;
        fdr.n_counted = fault == 4 ? 1 : fdr.n_counted;
        memory_visit_init(&memory);
        fdr_visit(&memory.visit, "fdr", &fdr);
        memory_visit_rewind(&memory);
        fdr_visit(&memory.visit, "fdr", &again);
        assert_true(memory.visit.failed);
        assert_int_equal(again.options.rule, FDR_E_LOND);
        assert_int_equal(again.n_tests, 0);
    }
}

static void fdr_wrong_when_options_are_out_of_range_names_them(void **state)
{
    (void)state;
    for (int rule = 0; rule < N_FDR_RULES; rule++) {
        struct fdr_options options = fdr_defaults((enum fdr_rule)rule, 0.05);
        assert_null(fdr_wrong(&options));
    }
    struct fdr_options options = fdr_defaults(FDR_ADDIS, 0.05);
    options.tau = 0.25;
    assert_string_equal(fdr_wrong(&options), "tau must be above lambda and at most 1");
    options = fdr_defaults(FDR_LORD, (double)NAN);
    assert_string_equal(fdr_wrong(&options), "alpha must lie between 0 and 1");
    options = fdr_defaults(FDR_LORD, 0.05);
    options.w0 = 0.051;
    assert_string_equal(fdr_wrong(&options), "w0 must be above 0 and at most alpha");
}

static void fdr_when_measured_has_the_bytes_stated(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct fdr), 592);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fdr_level_when_lond_is_that_of_online_fdr),
        cmocka_unit_test(fdr_level_when_lord_is_that_of_online_fdr),
        cmocka_unit_test(fdr_level_when_saffron_is_that_of_online_fdr),
        cmocka_unit_test(fdr_level_when_addis_is_that_of_online_fdr),
        cmocka_unit_test(fdr_level_when_lord_starts_has_the_known_figures),
        cmocka_unit_test(fdr_bh_adjusted_when_compared_is_that_of_r),
        cmocka_unit_test(fdr_bh_when_adjusted_says_the_same_rejects_the_same),
        cmocka_unit_test(fdr_e_bh_when_values_are_at_the_edge_rejects_them),
        cmocka_unit_test(fdr_wealth_when_nothing_is_rejected_is_what_is_spent),
        cmocka_unit_test(fdr_step_e_when_evidence_is_enough_rejects_and_earns),
        cmocka_unit_test(fdr_judge_when_others_were_rejected_asks_for_less),
        cmocka_unit_test(fdr_level_when_rejections_are_dropped_is_lower_and_no_lower_than_without),
        cmocka_unit_test(fdr_gamma_when_summed_is_at_most_one),
        cmocka_unit_test(fdr_e_of_p_when_p_is_uniform_has_a_mean_of_one),
        cmocka_unit_test(fdr_step_when_many_are_tested_holds_its_level),
        cmocka_unit_test(fdr_visit_when_read_back_goes_on_alike),
        cmocka_unit_test(fdr_visit_when_state_is_impossible_fails),
        cmocka_unit_test(fdr_wrong_when_options_are_out_of_range_names_them),
        cmocka_unit_test(fdr_when_measured_has_the_bytes_stated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
