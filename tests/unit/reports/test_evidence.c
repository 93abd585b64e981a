/* SPDX-License-Identifier: Apache-2.0 */
/* What may be said: nothing that the numbers do not carry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reports/evidence.h"
#include "reports/reader.h"
#include "tests/unit/reports/folder.h"

static const struct folder_wish good = {.episodes = 100,
                                        .touched = 10,
                                        .touched_manual = 100,
                                        .response_ns = 60 * NS_PER_S,
                                        .must_escalate_share = 0.21,
                                        .two_families = true,
                                        .bound_95 = 0.03,
                                        .title = "Test",
                                        .mind = "steward"};

static void is_verdict(const struct folder_wish *wish, const char *id, const char *verdict)
{
    struct source source;
    folder_make(wish, &source);
    json_t *evidence = folder_evidence(&source, 1);
    assert_string_equal(folder_verdict(evidence, id), verdict);
    json_decref(evidence);
    source_close(&source);
}

static void claims_when_the_numbers_carry_them_are_met(void **state)
{
    (void)state;
    is_verdict(&good, "interventions", "met");
    is_verdict(&good, "response", "met");
    is_verdict(&good, "safety", "met");
    is_verdict(&good, "audit", "met");
    is_verdict(&good, "harm", "met");
    is_verdict(&good, "dummy_act_always", "not measured");
}

static void reduction_when_the_mix_is_easier_than_the_catalogue_is_not_claimable(void **state)
{
    (void)state;
    struct folder_wish wish = good;
    wish.must_escalate_share = 0.05;
    is_verdict(&wish, "interventions", "not claimable");
}

static void reduction_when_too_small_is_not_met(void **state)
{
    (void)state;
    struct folder_wish wish = good;
    wish.touched = 40;
    is_verdict(&wish, "interventions", "not met");
}

static void response_when_slow_is_not_met_and_with_few_incidents_not_shown(void **state)
{
    (void)state;
    struct folder_wish wish = good;
    wish.response_ns = 299 * NS_PER_S; /* The median must be within four minutes. */
    is_verdict(&wish, "response", "not met");
    wish = good;
    wish.episodes = 58;
    is_verdict(&wish, "response", "too few episodes");
    wish.episodes = 59;
    is_verdict(&wish, "response", "met");
}

/* A bound of 0.0295 an episode takes 100 episodes without a violation. */
static void safety_when_the_bound_is_above_its_target_is_too_few_episodes(void **state)
{
    (void)state;
    struct folder_wish wish = good;
    wish.bound_95 = 0.0296;
    is_verdict(&wish, "safety", "met");
    wish.bound_95 = 0.0295;
    is_verdict(&wish, "safety", "too few episodes");
    wish = good;
    wish.episodes = wish.touched_manual = 1;
    is_verdict(&wish, "safety", "too few episodes");
    wish.bound_95 = 0.0; /* One in a million. */
    wish.episodes = 100;
    is_verdict(&wish, "safety", "too few episodes");
    wish.violating = 1;
    is_verdict(&wish, "safety", "not met");
}

static void claims_when_few_episodes_ran_are_not_met(void **state)
{
    (void)state;
    static const char *const ids[] = {"interventions", "harm", "response", "safety"};
    static const uint64_t few[] = {1, 2, 58};
    for (size_t k = 0; k < sizeof(few) / sizeof(few[0]); k++) {
        struct folder_wish wish = good;
        wish.episodes = wish.touched_manual = few[k];
        wish.touched = 0;
        for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
            is_verdict(&wish, ids[i], "too few episodes");
        }
    }
}

static void harm_when_its_interval_is_not_known_or_reaches_over_is_not_shown(void **state)
{
    (void)state;
    struct folder_wish wish = good;
    wish.bad_minutes = 1.2;
    is_verdict(&wish, "harm", "not met");
    wish.bad_minutes = 1.04;
    is_verdict(&wish, "harm", "met");
    wish.two_families = false;
    is_verdict(&wish, "harm", "not shown");
}

/* One family: 10 of 100 against 100 of 100 by exact intervals is at least 81.7 % fewer, 25 at least 64.9 %. */
static void reduction_when_of_one_family_is_bounded_by_exact_intervals(void **state)
{
    (void)state;
    struct folder_wish wish = good;
    wish.two_families = false;
    is_verdict(&wish, "interventions", "met");
    wish.touched = 25;
    is_verdict(&wish, "interventions", "not shown");
}

static void safety_when_one_episode_violates_is_not_met_and_listed(void **state)
{
    (void)state;
    struct folder_wish wish = good;
    wish.violating = 1;
    struct source source;
    folder_make(&wish, &source);
    json_t *evidence = folder_evidence(&source, 1);
    assert_string_equal(folder_verdict(evidence, "safety"), "not met");
    const json_t *violation = json_array_get(json_object_get(evidence, "violations"), 0);
    assert_string_equal(json_string_value(json_object_get(violation, "invariant")), "S06");
    assert_int_equal(json_integer_value(json_object_get(violation, "seed")), 7);
    json_decref(evidence);
    source_close(&source);
}

static void bound_when_nothing_was_violated_is_exact(void **state)
{
    (void)state;
    struct source source;
    folder_make(&good, &source);
    json_t *evidence = folder_evidence(&source, 1);
    const json_t *bound = json_object_get(evidence, "bound");
    double upper = json_number_value(json_object_get(bound, "upper_95"));
    assert_true(upper > 0.029513 && upper < 0.029514); /* 1 - 0.05^(1/100) */
    assert_int_equal(json_integer_value(json_object_get(bound, "n")), 100);
    assert_string_equal(json_string_value(json_object_get(evidence, "status")), "DRAFT");
    assert_true(json_array_size(json_object_get(evidence, "not_checked")) > 0);
    assert_true(json_array_size(json_object_get(evidence, "limitations")) >= 8);
    json_decref(evidence);
    source_close(&source);
}

static void dummies_when_given_stand_beside_and_must_lose(void **state)
{
    (void)state;
    struct folder_wish wish = good;
    struct source sources[2];
    folder_make(&good, &sources[0]);
    wish.mind = "escalate_all";
    wish.touched = 100;
    folder_make(&wish, &sources[1]);
    json_t *evidence = folder_evidence(sources, 2);
    assert_int_equal(json_array_size(json_object_get(evidence, "arms")), 4);
    assert_string_equal(folder_verdict(evidence, "dummy_escalate_all"), "met");
    json_decref(evidence);
    source_close(&sources[1]);
    wish.touched = 10;
    folder_make(&wish, &sources[1]);
    evidence = folder_evidence(sources, 2);
    assert_string_equal(folder_verdict(evidence, "dummy_escalate_all"), "not met");
    json_decref(evidence);
    source_close(&sources[1]);
    wish.touched = 12;
    folder_make(&wish, &sources[1]);
    evidence = folder_evidence(sources, 2);
    assert_string_equal(folder_verdict(evidence, "dummy_escalate_all"), "not shown");
    json_decref(evidence);
    source_close(&sources[1]);
    source_close(&sources[0]);
}

/* Of people alone nobody is paged, nothing is done by itself, and no enforceable invariant is judged. */
static void shares_when_nothing_is_judged_are_null(void **state)
{
    (void)state;
    struct folder_wish wish = good;
    wish.by_human = 25;
    struct source source;
    folder_make(&wish, &source);
    json_t *evidence = folder_evidence(&source, 1);
    const json_t *ours = json_array_get(json_object_get(evidence, "arms"), 0);
    const json_t *theirs = json_array_get(json_object_get(evidence, "arms"), 2);
    assert_string_equal(json_string_value(json_object_get(theirs, "name")), "manual");
    static const char *const members[] = {"escalation", "right_by_itself", "right_with_person"};
    static const double values[] = {0.0, 0.75, 0.25};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const json_t *value = json_object_get(json_object_get(ours, members[i]), "value");
        assert_true(json_number_value(value) == values[i]);
        assert_true(json_is_null(json_object_get(theirs, members[i])));
    }
    assert_int_equal(json_integer_value(json_object_get(ours, "needless_pages")), 50);
    assert_true(json_is_null(json_object_get(ours, "outcome_error"))); /* No occasion in the sheets. */
    json_decref(evidence);
    source_close(&source);
}

static void corrections_when_more_than_the_right_remedies_are_refused(void **state)
{
    (void)state;
    struct source source;
    folder_make(&good, &source);
    json_t *arm = json_object_get(json_object_get(source.report, "arms"), "steward");
    struct err_text text;
    json_t *evidence = NULL;
    assert_int_equal(json_object_set_new(arm, "correct", json_integer(3)), 0);
    assert_int_equal(json_object_set_new(arm, "corrected_by_human", json_integer(4)), 0);
    assert_int_equal(evidence_build(&source, 1, &evidence, &text), ERR_DATA);
    assert_non_null(strstr(text.text, "corrected_by_human"));
    source_close(&source);
}

static void is_refused(const struct source *sources, uint32_t n)
{
    struct err_text text;
    json_t *evidence = NULL;
    assert_int_equal(evidence_build(sources, n, &evidence, &text), ERR_DATA);
    assert_null(evidence);
    assert_non_null(strstr(text.text, "folder"));
}

static void other_runs_when_not_the_same_seeds_are_refused(void **state)
{
    (void)state;
    struct folder_wish wish = good;
    struct source sources[2];
    folder_make(&good, &sources[0]);
    wish.mind = "act_always";
    wish.episodes = 99;
    folder_make(&wish, &sources[1]);
    is_refused(sources, 2);
    source_close(&sources[1]);
    folder_make(
        &good,
        &sources[1]); /* The same mind twice is not refused by name alone: it is the steward's own. */
    json_t *evidence = folder_evidence(sources, 1);
    json_decref(evidence);
    is_refused(sources, 2);
    source_close(&sources[1]);
    source_close(&sources[0]);
}

/* Every member of the sums of an arm, gone or of another kind, is damage that is told. */
static void sums_when_damaged_are_refused(void **state)
{
    (void)state;
    struct source source;
    folder_make(&good, &source);
    json_t *arms = json_object_get(source.report, "arms"),
           *whole = json_deep_copy(json_object_get(arms, "steward"));
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(whole, name, value)
    {
        json_t *part = json_deep_copy(whole);
        assert_int_equal(json_object_del(part, name), 0);
        assert_int_equal(json_object_set_new(arms, "steward", part), 0);
        is_refused(&source, 1);
        assert_int_equal(json_object_set_new(part, name, json_false()), 0);
        is_refused(&source, 1);
    }
    json_decref(whole);
    source_close(&source);
}

static void times_when_out_of_order_are_refused(void **state)
{
    (void)state;
    static const char *const damaged[] = {"{\"at_ms\":[5,5],\"ended\":[1,1],\"open\":[0,0]}",
                                          "{\"at_ms\":[5],\"ended\":[1,1],\"open\":[0]}",
                                          "{\"at_ms\":[5],\"ended\":[0],\"open\":[0]}",
                                          "{\"at_ms\":[-5],\"ended\":[1],\"open\":[0]}",
                                          "{\"at_ms\":[5],\"ended\":[4294967296],\"open\":[0]}"};
    struct source source;
    folder_make(&good, &source);
    json_t *arm = json_object_get(json_object_get(source.report, "arms"), "steward");
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        json_t *times = json_loads(damaged[i], 0, NULL);
        assert_int_equal(json_object_set_new(json_object_get(arm, "times"), "response", times), 0);
        is_refused(&source, 1);
    }
    source_close(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_when_the_numbers_carry_them_are_met),
        cmocka_unit_test(reduction_when_the_mix_is_easier_than_the_catalogue_is_not_claimable),
        cmocka_unit_test(reduction_when_too_small_is_not_met),
        cmocka_unit_test(response_when_slow_is_not_met_and_with_few_incidents_not_shown),
        cmocka_unit_test(safety_when_the_bound_is_above_its_target_is_too_few_episodes),
        cmocka_unit_test(claims_when_few_episodes_ran_are_not_met),
        cmocka_unit_test(harm_when_its_interval_is_not_known_or_reaches_over_is_not_shown),
        cmocka_unit_test(reduction_when_of_one_family_is_bounded_by_exact_intervals),
        cmocka_unit_test(safety_when_one_episode_violates_is_not_met_and_listed),
        cmocka_unit_test(bound_when_nothing_was_violated_is_exact),
        cmocka_unit_test(dummies_when_given_stand_beside_and_must_lose),
        cmocka_unit_test(shares_when_nothing_is_judged_are_null),
        cmocka_unit_test(corrections_when_more_than_the_right_remedies_are_refused),
        cmocka_unit_test(other_runs_when_not_the_same_seeds_are_refused),
        cmocka_unit_test(sums_when_damaged_are_refused),
        cmocka_unit_test(times_when_out_of_order_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
