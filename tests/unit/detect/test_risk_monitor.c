/* SPDX-License-Identifier: Apache-2.0 */
/* The risk monitor against figures computed elsewhere, on harmful and benign shifts, and with late labels. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/risk_monitor.h"
#include "tests/lib/memory_visit.h"

static void assert_near(double seen, double expected)
{
    if (!(fabs(seen - expected) <= 1e-9 * fabs(expected))) {
        fail_msg("seen %.17g, expected %.17g", seen, expected);
    }
}

/* Figures: brentq of scipy on the wealth as the header has it. */
static void bounds_when_computed_elsewhere_are_the_same(void **state)
{
    (void)state;
    assert_near(risk_lower(12.0, 100, 0.05), 0.04142656614327078);
    assert_near(risk_upper(12.0, 100, 0.05), 0.2555189822967876);
    assert_near(risk_lower(250.0, 1000, 0.005), 0.19810033902140828);
    assert_near(risk_upper(250.0, 1000, 0.005), 0.30803410499850625);
    assert_near(risk_lower(2.5, 1000, 0.005), 5.334899899615419e-05);
    assert_near(risk_upper(2.5, 1000, 0.005), 0.016104843281786962);
    assert_near(risk_lower(1e8, 1000000000, 0.005), 0.09996129987586244);
    assert_near(risk_upper(1e8, 1000000000, 0.005), 0.10003812501699227);
}

static void bounds_when_nothing_or_everything_failed_reach_the_ends(void **state)
{
    (void)state;
    assert_true(risk_lower(0.0, 0, 0.01) == 0.0);
    assert_true(risk_upper(0.0, 0, 0.01) == 1.0);
    assert_true(risk_lower(0.0, 500, 0.01) == 0.0);
    assert_true(risk_upper(0.0, 500, 0.01) < 0.05);
    assert_true(risk_upper(500.0, 500, 0.01) == 1.0);
    assert_true(risk_lower(500.0, 500, 0.01) > 0.95);
    assert_true(risk_lower(900.0, 500, 0.01) == risk_lower(500.0, 500, 0.01));
    assert_true(risk_lower(NAN, 500, 0.01) == 0.0);
}

/* Figures: bisection in Python on n KL(p, u) = ln(1 / alpha). */
static void bound_when_looked_at_once_is_tighter(void **state)
{
    (void)state;
    assert_near(risk_upper_fixed(200.0, 2000, 0.025), 0.11919965258042653);
    assert_near(risk_upper_fixed(2.5, 1000, 0.005), 0.011591608342117681);
    assert_near(risk_upper_fixed(0.0, 500, 0.01), 0.009168055107232426);
    assert_true(risk_upper_fixed(200.0, 2000, 0.025) < risk_upper(200.0, 2000, 0.025));
    assert_true(risk_upper_fixed(7.0, 7, 0.1) == 1.0);
    assert_true(risk_upper_fixed(0.0, 0, 0.1) == 1.0);
}

static struct risk_monitor opened(double alpha, double tolerance)
{
    struct risk_monitor_options options = {.alpha = alpha, .tolerance = tolerance};
    struct risk_monitor monitor;
    assert_null(risk_monitor_wrong(&options));
    risk_monitor_init(&monitor, &options);
    return monitor;
}

static void monitor_when_risk_rises_alarms_and_evidence_says_so(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 17, "tests/risk_monitor", 0);
    struct risk_monitor monitor = opened(0.01, 0.02);
    assert_false(risk_monitor_source(&monitor, 500, 5000));
    assert_true(risk_monitor_limit(&monitor) > 0.12);
    assert_true(risk_monitor_limit(&monitor) < 0.15);
    int n = 0;
    while (n < 100 && !risk_monitor_target(&monitor, stream_binomial(&stream, 100, 0.25), 100)) {
        assert_true(risk_monitor_target_lower(&monitor) <= risk_monitor_limit(&monitor));
        assert_true(risk_monitor_evidence(&monitor) < risk_monitor_threshold(&monitor));
        n++;
    }
    assert_in_range(n, 1, 6);
    assert_true(risk_monitor_target_lower(&monitor) >= risk_monitor_limit(&monitor));
    assert_true(risk_monitor_evidence(&monitor) >= risk_monitor_threshold(&monitor));
    /* Latched: a good batch afterwards does not unsay it; a restart does. */
    assert_true(risk_monitor_target(&monitor, 0, 1000));
    risk_monitor_restart(&monitor);
    assert_false(risk_monitor_has_alarmed(&monitor));
    assert_int_equal(monitor.source_n, 5000);
    assert_false(risk_monitor_target(&monitor, 10, 100));
}

static void monitor_when_source_is_fixed_holds_against_its_bound(void **state)
{
    (void)state;
    struct risk_monitor fixed = opened(0.05, 0.02), looked = opened(0.05, 0.02);
    assert_false(risk_monitor_source_fixed(&fixed, NAN, 2000));
    assert_true(risk_monitor_limit(&fixed) == 1.0);
    assert_false(risk_monitor_source_fixed(&fixed, 200.0, 2000));
    (void)risk_monitor_source(&looked, 200, 2000);
    assert_true(risk_monitor_limit(&fixed) == risk_upper_fixed(200.0, 2000, 0.025) + 0.02);
    (void)risk_monitor_target(&fixed, 300, 1500);
    (void)risk_monitor_target(&looked, 300, 1500);
    assert_true(risk_monitor_evidence(&fixed) > risk_monitor_evidence(&looked));
}

/* A shift of inputs that leaves the risk where it was, and one that lowers it; 200 monitors of 60 batches, looked at after each. */
static void monitor_when_shift_is_benign_is_silent(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 18, "tests/risk_monitor", 0);
    int n_alarms = 0;
    for (int run = 0; run < 200; run++) {
        struct risk_monitor monitor = opened(0.05, 0.0);
        (void)risk_monitor_source(&monitor, stream_binomial(&stream, 2000, 0.1), 2000);
        for (int batch = 0; batch < 60; batch++) {
            double rate = run % 2 == 0 ? 0.1 : 0.05;
            (void)risk_monitor_target(&monitor, stream_binomial(&stream, 50, rate), 50);
        }
        n_alarms += risk_monitor_has_alarmed(&monitor);
    }
    /* 20 or more of 200 would have probability below 0.003 at the promised 5 %. */
    assert_in_range(n_alarms, 0, 19);
}

/* Totals decide: labels of five batches, one by one, all at once or in another order, give the same evidence. */
static void monitor_when_labels_come_late_or_in_batches_says_the_same(void **state)
{
    (void)state;
    struct risk_monitor one = opened(0.01, 0.0), all = opened(0.01, 0.0), late = opened(0.01, 0.0);
    (void)risk_monitor_source(&one, 100, 1000);
    (void)risk_monitor_source(&all, 100, 1000);
    static const uint64_t errors[] = {9, 14, 11, 17, 20};
    for (int i = 0; i < 5; i++) {
        (void)risk_monitor_target(&one, errors[i], 90);
        (void)risk_monitor_target(&late, errors[4 - i], 90);
    }
    (void)risk_monitor_target(&all, 71, 450);
    (void)risk_monitor_source(&late, 100, 1000);
    assert_true(risk_monitor_evidence(&one) == risk_monitor_evidence(&all));
    assert_true(risk_monitor_evidence(&one) == risk_monitor_evidence(&late));
    assert_true(risk_monitor_limit(&one) == risk_monitor_limit(&late));
}

static void monitor_when_losses_are_fractions_or_odd_counts_them(void **state)
{
    (void)state;
    struct risk_monitor losses = opened(0.01, 0.0), counts = opened(0.01, 0.0);
    (void)risk_monitor_source_loss(&losses, 100.0, 1000);
    (void)risk_monitor_source(&counts, 100, 1000);
    (void)risk_monitor_target_loss(&losses, 30.0, 100);
    (void)risk_monitor_target(&counts, 30, 100);
    assert_true(risk_monitor_evidence(&losses) == risk_monitor_evidence(&counts));
    (void)risk_monitor_target_loss(&losses, NAN, 10);
    (void)risk_monitor_target(&losses, 7, 0);
    assert_int_equal(losses.target_n, 100);
    (void)risk_monitor_target(&losses, 900, 10);
    assert_true(losses.target_loss == 40.0);
    (void)risk_monitor_target_loss(&losses, -5.0, 10);
    assert_true(losses.target_loss == 40.0);
}

static void monitor_when_restored_goes_on_alike(void **state)
{
    (void)state;
    static struct memory_visit memory;
    struct risk_monitor first = opened(0.02, 0.01), second = {0};
    (void)risk_monitor_source(&first, 40, 600);
    (void)risk_monitor_target(&first, 12, 100);
    memory_visit_init(&memory);
    risk_monitor_visit(&memory.visit, "risk", &first);
    memory_visit_rewind(&memory);
    risk_monitor_visit(&memory.visit, "risk", &second);
    assert_true(memory_visit_is_done(&memory));
    assert_true(risk_monitor_evidence(&first) == risk_monitor_evidence(&second));
    (void)risk_monitor_target(&first, 20, 80);
    (void)risk_monitor_target(&second, 20, 80);
    assert_true(risk_monitor_evidence(&first) == risk_monitor_evidence(&second));
    assert_true(risk_monitor_target_lower(&first) == risk_monitor_target_lower(&second));
}

static void options_when_wrong_are_named(void **state)
{
    (void)state;
    static const struct risk_monitor_options wrong[] = {{.alpha = 0.0},
                                                        {.alpha = 1.0},
                                                        {.alpha = NAN},
                                                        {.alpha = 0.1, .tolerance = -0.1},
                                                        {.alpha = 0.1, .tolerance = NAN}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_non_null(risk_monitor_wrong(&wrong[i]));
    }
    struct risk_monitor_options right = risk_monitor_defaults();
    assert_null(risk_monitor_wrong(&right));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_when_computed_elsewhere_are_the_same),
        cmocka_unit_test(bounds_when_nothing_or_everything_failed_reach_the_ends),
        cmocka_unit_test(bound_when_looked_at_once_is_tighter),
        cmocka_unit_test(monitor_when_source_is_fixed_holds_against_its_bound),
        cmocka_unit_test(monitor_when_risk_rises_alarms_and_evidence_says_so),
        cmocka_unit_test(monitor_when_shift_is_benign_is_silent),
        cmocka_unit_test(monitor_when_labels_come_late_or_in_batches_says_the_same),
        cmocka_unit_test(monitor_when_losses_are_fractions_or_odd_counts_them),
        cmocka_unit_test(monitor_when_restored_goes_on_alike),
        cmocka_unit_test(options_when_wrong_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
