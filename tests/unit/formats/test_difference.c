/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and values of the first difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/formats/codec.h"

static struct event event_a;
static struct event event_b;
static struct advice advice_a;
static struct advice advice_b;
static struct effects effects_a;
static struct effects effects_b;
static char buffer[256];
static struct text text;

static int start(void **state)
{
    (void)state;
    memset(&event_a, 0, sizeof(event_a));
    event_a.kind = EVENT_WINDOW;
    event_b = event_a;
    advice_reset(&advice_a);
    effects_reset(&effects_a);
    for (int i = 0; i < 20; i++) {
        (void)advice_push(&advice_a, ADVICE_PROPOSE);
        (void)effects_record(&effects_a, RECORD_INTENT);
    }
    (void)effects_push(&effects_a, EFFECT_NOTIFY);
    advice_b = advice_a;
    effects_b = effects_a;
    text_init(&text, buffer, sizeof(buffer));
    return 0;
}

static void assert_events_differ(const char *expected)
{
    assert_true(codec_describe_difference(&event_a, &event_b, &text));
    assert_string_equal(buffer, expected);
}

static void assert_outcomes_differ(const char *expected)
{
    assert_true(
        codec_describe_outcome_difference(&advice_a, &effects_a, &advice_b, &effects_b, &text));
    assert_string_equal(buffer, expected);
}

static void difference_when_equal_is_none(void **state)
{
    (void)state;
    assert_false(codec_describe_difference(&event_a, &event_b, &text));
    assert_false(
        codec_describe_outcome_difference(&advice_a, &effects_a, &advice_b, &effects_b, &text));
    assert_int_equal(text.n_bytes, 0);
}

static void difference_when_a_verb_differs_names_both(void **state)
{
    (void)state;
    effects_a.items[2].record.verb = VERB_ROLLBACK;
    effects_b.items[2].record.verb = VERB_RETRAIN;
    effects_b.items[9].record.plan = 3;
    assert_outcomes_differ("effects[2].record.verb: ROLLBACK / RETRAIN");
}

static void difference_when_far_inside_is_still_found(void **state)
{
    (void)state;
    effects_b.items[19].record.args.subject.lo = 255;
    assert_outcomes_differ("effects[19].record.args.subject.lo: 0000000000000000 / 00000000000000ff");
}

static void difference_when_a_kind_differs_names_the_kind(void **state)
{
    (void)state;
    effects_b.items[20].kind = EFFECT_PAGE;
    assert_outcomes_differ("effects[20].kind: notify / page");
}

static void difference_when_one_has_more_is_the_count(void **state)
{
    (void)state;
    (void)advice_push(&advice_b, ADVICE_CLOSE);
    assert_outcomes_differ("n_items: 20 / 21");
}

static void difference_when_the_wake_time_differs_is_found_last(void **state)
{
    (void)state;
    effects_b.wake_at = -5;
    assert_outcomes_differ("wake_at: 9223372036854775807 / -5");
}

static void difference_when_advice_and_effects_differ_is_the_advice(void **state)
{
    (void)state;
    advice_b.items[7].cause = CAUSE_BAD_CONFIG;
    effects_b.wake_at = 0;
    assert_outcomes_differ("advice[7].cause: unknown / bad_config");
}

static void difference_when_a_count_of_a_list_differs_names_its_place(void **state)
{
    (void)state;
    event_a.window.bins[2][11] = 12;
    event_b.window.bins[2][11] = 13;
    assert_events_differ("window.bins[37]: 12 / 13");
}

static void difference_when_text_differs_shows_it_harmless(void **state)
{
    (void)state;
    event_a.kind = event_b.kind = EVENT_CHANGE;
    memset(&event_a.change, 0, sizeof(event_a.change));
    event_b.change = event_a.change;
    event_a.change.note = slice_of("a\nb\x1b[0m");
    event_b.change.note = slice_of("");
    assert_events_differ("change.note: \"a.b.[0m\" (7 bytes) / \"\" (0 bytes)");
}

static void difference_when_a_double_differs_in_its_last_bit_shows_the_bits(void **state)
{
    (void)state;
    event_a.kind = event_b.kind = EVENT_BASELINE;
    memset(&event_a.baseline, 0, sizeof(event_a.baseline));
    event_b.baseline = event_a.baseline;
    event_a.baseline.error = 0.5;
    event_b.baseline.error = 0.5000000000000001;
    assert_events_differ(
        "baseline.error: 0.500000 (0x3fe0000000000000) / 0.500000 (0x3fe0000000000001)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(difference_when_equal_is_none, start),
        cmocka_unit_test_setup(difference_when_a_verb_differs_names_both, start),
        cmocka_unit_test_setup(difference_when_far_inside_is_still_found, start),
        cmocka_unit_test_setup(difference_when_a_kind_differs_names_the_kind, start),
        cmocka_unit_test_setup(difference_when_one_has_more_is_the_count, start),
        cmocka_unit_test_setup(difference_when_the_wake_time_differs_is_found_last, start),
        cmocka_unit_test_setup(difference_when_advice_and_effects_differ_is_the_advice, start),
        cmocka_unit_test_setup(difference_when_a_count_of_a_list_differs_names_its_place, start),
        cmocka_unit_test_setup(difference_when_text_differs_shows_it_harmless, start),
        cmocka_unit_test_setup(difference_when_a_double_differs_in_its_last_bit_shows_the_bits, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
