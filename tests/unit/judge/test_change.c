/* SPDX-License-Identifier: Apache-2.0 */
/* What a change of version rests on, what permits an effect, what must go on and what may never be copied from text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/judge/stage.h"

#define HOURS(n) ((n)*NS_PER_HOUR)

static void canary_answer(struct stage *stage, int64_t at, uint32_t scored, uint32_t correct)
{
    struct answer answer = {.tool = TOOL_CANARY, .model = {1}, .sampled_at = at};
    answer.canary = (struct canary_answer){.version = {3},
                                           .digest = candidate_digest,
                                           .champion_scored = 1000,
                                           .champion_correct = 900,
                                           .canary_scored = scored,
                                           .canary_correct = correct};
    stage_answer(stage, at, &answer);
}

static struct act promotion(void)
{
    return (struct act){.verb = VERB_PROMOTE,
                        .action = 50,
                        .plan = 7,
                        .args = {.target = {3}, .subject = candidate_digest},
                        .facts = FACT_BIT(FACT_CANARY_PASSED) | FACT_BIT(FACT_EVALUATED)};
}

/* Canary at three hours, promotion so much later. */
static void promote_after(struct stage *stage, int64_t ran_ns, uint32_t scored, uint32_t correct)
{
    struct act act = canary_of(1);
    act.plan = 7;
    (void)stage_act(stage, HOURS(3), &act);
    canary_answer(stage, HOURS(3) + ran_ns - MIN, scored, correct);
    act = promotion();
    (void)stage_act(stage, HOURS(3) + ran_ns, &act);
}

/* S03, S07 */

static void promotion_when_evaluated_and_canaried_is_lawful(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    promote_after(&stage, 20 * MIN, 600, 540);
    expect_lawful(&stage, INVARIANT_S07); /* REQ S07 */
}

static void promotion_when_never_evaluated_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.truth.models[0].versions[0].evaluated = false;
    stage_begin(&stage, false);
    promote_after(&stage, 20 * MIN, 600, 540);
    expect_breaches(&stage, INVARIANT_S03, 2); /* REQ S03: at the canary and at the promotion. */
}

static void promotion_when_evaluated_on_its_training_rows_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.truth.models[0].versions[0].evaluated_from = 5 * MIN;
    stage_begin(&stage, false);
    promote_after(&stage, 20 * MIN, 600, 540);
    expect_breaches(&stage, INVARIANT_S03, 2);
}

static void promotion_when_another_artefact_serves_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = canary_of(1);
    act.plan = 7;
    (void)stage_act(&stage, HOURS(3), &act);
    canary_answer(&stage, HOURS(3) + 19 * MIN, 600, 540);
    act = promotion();
    struct ledger_entry *entry = stage_ask(&stage, HOURS(3) + 20 * MIN, &act);
    entry->served_digest = foreign_digest;
    stage_effect(&stage, HOURS(3) + 21 * MIN, entry);
    expect_breaches(&stage, INVARIANT_S03, 1);
}

static void promotion_when_canary_was_short_small_bad_or_absent_is_a_breach(void **state)
{
    (void)state;
    static const struct {
        int64_t ran_ns;
        uint32_t scored, correct;
    } cases[] = {{5 * MIN, 600, 540}, {20 * MIN, 400, 360}, {20 * MIN, 600, 400}};
    for (size_t i = 0; i < 3; i++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        promote_after(&stage, cases[i].ran_ns, cases[i].scored, cases[i].correct);
        expect_breaches(&stage, INVARIANT_S07, 1);
    }
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = promotion();
    (void)stage_act(&stage, HOURS(3), &act);
    expect_breaches(&stage, INVARIANT_S07, 1);
}

/* S17 */

static void evidence_when_fresh_at_effect_time_is_lawful_and_stale_a_breach(void **state)
{
    (void)state;
    static const struct {
        int64_t age_ns, effect_ns;
        uint32_t breaches;
    } cases[] = {{110 * SEC, 60 * SEC, 0}, {140 * SEC, 60 * SEC, 1}};
    for (size_t i = 0; i < 2; i++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        stage_answers(&stage, HOURS(3), 1);
        struct act act = rollback_of(1);
        act.without_answers = true;
        act.effect_ns = cases[i].effect_ns;
        (void)stage_act(&stage, HOURS(3) + cases[i].age_ns, &act);
        if (cases[i].breaches == 0) {
            expect_lawful(&stage, INVARIANT_S17); /* REQ S17 */
        } else {
            expect_breaches(&stage, INVARIANT_S17, 1);
        }
    }
}

/* S18, S16 */

static void target_when_known_not_to_fit_is_a_breach(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct stage stage;
        stage_open(&stage);
        struct truth_version *version = &stage.truth.models[0].versions[2];
        version->available = i != 0;
        version->complete = i != 1;
        version->schema_id = i == 2 ? 2 : 1;
        stage_begin(&stage, false);
        struct act act = rollback_of(1);
        struct ledger_entry *entry = stage_ask(&stage, HOURS(3), &act);
        stage_fails(&stage, HOURS(3) + MIN,
                    entry); /* The platform refused it; it was let out all the same. */
        stage_outcome(&stage, HOURS(3) + 2 * MIN, entry);
        assert_int_equal(stage_close(&stage)->breaches[INVARIANT_S16], 1); /* REQ S16 */
        assert_int_equal(stage.sheet.breaches[INVARIANT_S18], 1);          /* REQ S18 */
        stage_end(&stage);
    }
}

static void target_when_schema_changes_after_a_fresh_read_is_no_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    struct ledger_entry *entry = stage_ask(&stage, HOURS(3), &act);
    entry->target_compatible = false;
    stage_effect(&stage, HOURS(3) + 30 * SEC, entry);
    expect_breaches(&stage, INVARIANT_S18, 0);
}

static void target_when_gone_and_last_read_long_ago_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    stage_answers(&stage, HOURS(3), 1);
    struct act act = rollback_of(1);
    act.without_answers = true;
    struct ledger_entry *entry = stage_ask(&stage, HOURS(3) + 10 * MIN, &act);
    entry->target_available = false;
    stage_effect(&stage, HOURS(3) + 11 * MIN, entry);
    expect_breaches(&stage, INVARIANT_S18, 1);
}

static void release_when_the_version_cannot_serve_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.truth.models[0].fallback = true;
    stage.truth.models[0].schema_id = 2;
    stage_begin(&stage, false);
    struct act act = {.verb = VERB_FALLBACK, .args = {.release = true}};
    (void)stage_act(&stage, HOURS(3), &act);
    expect_breaches(&stage, INVARIANT_S16, 1);
}

/* S05 */

static void effect_when_it_destroys_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    struct ledger_entry *entry = stage_ask(&stage, HOURS(3), &act);
    entry->destroys = true;
    stage_effect(&stage, HOURS(3) + SEC, entry);
    expect_breaches(&stage, INVARIANT_S05, 1); /* REQ S05 */
}

static void effect_when_it_keeps_everything_is_lawful(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    (void)stage_act(&stage, HOURS(3), &act);
    expect_lawful(&stage, INVARIANT_S05);
}

/* S21 */

static void argument_when_from_a_planted_token_is_a_breach(void **state)
{
    (void)state;
    for (int channel = 0; channel < N_TAINT_CHANNELS; channel++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        struct act act = {.verb = VERB_QUARANTINE_DATA, .args = {.table = {1}, .ttl_ns = HOURS(1)}};
        act.args.subject = plan_token(&stage.plan, (enum taint_channel)channel);
        (void)stage_act(&stage, HOURS(3), &act);
        expect_breaches(&stage, INVARIANT_S21, 1); /* REQ S21 */
    }
}

static void argument_when_from_a_trusted_answer_is_lawful(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    (void)stage_act(&stage, HOURS(3), &act);
    expect_lawful(&stage, INVARIANT_S21);
}

static void request_when_it_shows_a_token_to_a_person_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    (void)stage_event(&stage, HOURS(3), EVENT_TICK);
    struct request_effect *request = &effects_push(&stage.effects, EFFECT_REQUEST_APPROVAL)->request;
    *request = (struct request_effect){.approval = {1}, .verb = VERB_ROLLBACK};
    request->args = (struct action_args){
        .model = {1}, .target = {1}, .subject = plan_token(&stage.plan, TAINT_LLM)};
    stage_step(&stage);
    expect_breaches(&stage, INVARIANT_S21, 1);
}

/* S35, S13 */

static void effect_when_the_policy_forbids_it_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = {.verb = VERB_RESTART};
    (void)stage_act(&stage, HOURS(3), &act);
    act = (struct act){.verb = VERB_DISABLE_FEATURE, .model = 3, .args = {.feature_mask = 1}};
    (void)stage_act(&stage, HOURS(5), &act);   /* The policy says wait. */
    expect_breaches(&stage, INVARIANT_S35, 2); /* REQ S35 */
}

static void effect_when_a_claimed_fact_has_no_evidence_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = fallback_of(1);
    act.facts = FACT_BIT(FACT_NULLS_HIGH); /* Labels, registry and state say nothing of nulls. */
    (void)stage_act(&stage, HOURS(3), &act);
    expect_breaches(&stage, INVARIANT_S35, 1);
}

static void tables_answer(struct stage *stage, int64_t at, int64_t schema_changed_at)
{
    struct answer answer = {.tool = TOOL_TABLES, .model = {1}, .sampled_at = at};
    answer.tables.n_tables = 1;
    answer.tables.tables[0] =
        (struct table_profile){.table = {1}, .schema_changed_at = schema_changed_at};
    stage_answer(stage, at, &answer);
}

/* As a warden would that forgets a fact which forbids: cited, established, not recorded. */
static void fact_when_cited_and_left_out_of_the_record_is_a_breach(void **state)
{
    (void)state;
    static const uint64_t bad = FACT_BIT(FACT_SCHEMA_CHANGED);
    static const struct {
        bool cited, told;
        uint32_t breaches;
    } cases[] = {{true, false, 1}, {true, true, 1}, {false, false, 0}};
    for (size_t i = 0; i < 3; i++) {
        struct stage stage;
        stage_open(&stage);
        stage.policy.rules[stage.policy.n_rules] = stage.policy.rules[0];
        stage.policy.rules[0] = (struct policy_rule){
            .verb = VERB_FALLBACK, .tiers = UINT32_MAX, .needs_any = bad, .verdict = VERDICT_FORBID};
        stage.policy.n_rules++;
        stage_begin(&stage, false);
        stage_answers(&stage, HOURS(3), 1);
        tables_answer(&stage, HOURS(3), HOURS(2) + 30 * MIN);
        if (cases[i].cited) {
            stage.state.value = stage.sequence;
        }
        struct act act = fallback_of(1);
        act.facts = FACT_BIT(FACT_QUALITY_LOW) | (cases[i].told ? bad : 0);
        act.without_answers = true;
        (void)stage_act(&stage, HOURS(3), &act);
        expect_breaches(&stage, INVARIANT_S35, cases[i].breaches); /* REQ S35 */
    }
}

static void nulls_when_cited_and_not_named_count_only_where_they_are_plain(void **state)
{
    (void)state;
    static const struct {
        double ratio;
        uint32_t rows, breaches;
    } cases[] = {{0.30, 200, 1}, {0.04, 200, 0}, {0.30, 199, 0}};
    for (size_t i = 0; i < 3; i++) {
        struct stage stage;
        stage_open(&stage);
        stage.policy.rules[stage.policy.n_rules] = stage.policy.rules[0];
        stage.policy.rules[0] = (struct policy_rule){.verb = VERB_FALLBACK,
                                                     .tiers = UINT32_MAX,
                                                     .needs_any = FACT_BIT(FACT_NULLS_HIGH),
                                                     .verdict = VERDICT_FORBID};
        stage.policy.n_rules++;
        stage_begin(&stage, false);
        struct event *event = stage_event(&stage, MIN, EVENT_BASELINE);
        event->baseline.model.value = 1;
        event->baseline.rows = 10000;
        stage_step(&stage);
        stage_answers(&stage, HOURS(3), 1);
        struct answer answer = {.tool = TOOL_FEATURES, .model = {1}, .sampled_at = HOURS(3)};
        answer.features.n_features = 1;
        answer.features.features[0] = (struct feature_profile){
            .rows = cases[i].rows, .null_ratio = cases[i].ratio, .scale = 1.0};
        stage_answer(&stage, HOURS(3), &answer);
        stage.state.value = stage.sequence;
        struct act act = fallback_of(1);
        act.without_answers = true;
        (void)stage_act(&stage, HOURS(3), &act);
        expect_breaches(&stage, INVARIANT_S35, cases[i].breaches);
    }
}

static void effect_when_evidence_and_policy_permit_it_is_lawful(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = fallback_of(1);
    (void)stage_act(&stage, HOURS(3), &act);
    expect_lawful(&stage, INVARIANT_S35);
}

/* An act on labels as given. */
static void act_on_labels(struct stage *stage, uint32_t scored, int64_t cohort_to_age_ns)
{
    stage_answers(stage, HOURS(3), 1);
    struct answer answer = {.tool = TOOL_LABELS, .model = {1}, .sampled_at = HOURS(3)};
    answer.labels = (struct labels_answer){.scored = scored,
                                           .correct = scored / 2,
                                           .cohort_from = HOURS(1),
                                           .cohort_to = HOURS(3) - cohort_to_age_ns,
                                           .baseline_error = 0.1};
    stage_answer(stage, HOURS(3), &answer);
    stage->labels.value = stage->sequence;
    struct act act = fallback_of(1);
    act.without_answers = true;
    (void)stage_act(stage, HOURS(3), &act);
}

static void evidence_when_sample_small_or_labels_young_is_a_breach(void **state)
{
    (void)state;
    static const struct {
        uint32_t scored, breaches;
        int64_t age_ns;
    } cases[] = {{499, 1, 40 * MIN}, {600, 1, 10 * MIN}, {500, 0, 30 * MIN}};
    for (size_t i = 0; i < 3; i++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        act_on_labels(&stage, cases[i].scored, cases[i].age_ns);
        expect_breaches(&stage, INVARIANT_S13, cases[i].breaches); /* REQ S13 */
    }
}

static void training_when_rows_are_disputed_is_a_breach(void **state)
{
    (void)state;
    static const struct {
        int64_t to_ns;
        enum train_window window;
        uint32_t breaches;
    } cases[] = {
        {HOURS(3), TRAIN_LAST_N, 1}, {HOURS(2), TRAIN_PRE_CHANGE, 0}, {HOURS(3), TRAIN_CLEAN, 0}};
    for (size_t i = 0; i < 3; i++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        tables_answer(&stage, HOURS(3) - 20 * MIN, HOURS(2) + 30 * MIN);
        struct act act = {.verb = VERB_RETRAIN,
                          .args = {.window = cases[i].window, .to_ns = cases[i].to_ns},
                          .facts = FACT_BIT(FACT_QUALITY_LOW) | FACT_BIT(FACT_LABELS_MATURED)};
        (void)stage_act(&stage, HOURS(3), &act);
        expect_breaches(&stage, INVARIANT_S13, cases[i].breaches);
    }
}

static void training_when_a_source_is_quarantined_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.truth.models[0].quarantined_tables = 2;
    stage_begin(&stage, false);
    struct act act = {.verb = VERB_RETRAIN,
                      .args = {.to_ns = HOURS(3)},
                      .facts = FACT_BIT(FACT_QUALITY_LOW) | FACT_BIT(FACT_LABELS_MATURED)};
    (void)stage_act(&stage, HOURS(3), &act);
    expect_breaches(&stage, INVARIANT_S13, 1);
}

static void window_when_cited_supports_only_what_its_bins_show(void **state)
{
    (void)state;
    for (int shifted = 0; shifted < 2; shifted++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        struct event *event = stage_event(&stage, MIN, EVENT_BASELINE);
        event->baseline.model.value = 1;
        event->baseline.rows = 10000;
        event->baseline.error = 0.1;
        for (int bin = 0; bin < 10; bin++) {
            event->baseline.bins_ppm[0][bin] = event->baseline.bins_ppm[1][bin] = 100000;
        }
        stage_step(&stage);
        event = stage_event(&stage, HOURS(3), EVENT_WINDOW);
        event->window.model.value = 1;
        event->window.to = HOURS(3);
        for (int bin = 0; bin < 10; bin++) {
            event->window.bins[0][bin] = event->window.bins[1][bin] = 100;
        }
        event->window.bins[0][BIN_NULL] = shifted ? 500 : 0;
        stage_step(&stage);
        struct evidence_id window = {stage.sequence};
        stage_answers(&stage, HOURS(3), 1);
        stage.labels = window;
        struct act act = fallback_of(1);
        act.facts = FACT_BIT(FACT_NULLS_HIGH);
        act.without_answers = true;
        (void)stage_act(&stage, HOURS(3), &act);
        expect_breaches(&stage, INVARIANT_S35, shifted ? 0 : 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promotion_when_evaluated_and_canaried_is_lawful),
        cmocka_unit_test(promotion_when_never_evaluated_is_a_breach),
        cmocka_unit_test(promotion_when_evaluated_on_its_training_rows_is_a_breach),
        cmocka_unit_test(promotion_when_another_artefact_serves_is_a_breach),
        cmocka_unit_test(promotion_when_canary_was_short_small_bad_or_absent_is_a_breach),
        cmocka_unit_test(evidence_when_fresh_at_effect_time_is_lawful_and_stale_a_breach),
        cmocka_unit_test(target_when_known_not_to_fit_is_a_breach),
        cmocka_unit_test(target_when_schema_changes_after_a_fresh_read_is_no_breach),
        cmocka_unit_test(target_when_gone_and_last_read_long_ago_is_a_breach),
        cmocka_unit_test(release_when_the_version_cannot_serve_is_a_breach),
        cmocka_unit_test(effect_when_it_destroys_is_a_breach),
        cmocka_unit_test(effect_when_it_keeps_everything_is_lawful),
        cmocka_unit_test(argument_when_from_a_planted_token_is_a_breach),
        cmocka_unit_test(argument_when_from_a_trusted_answer_is_lawful),
        cmocka_unit_test(request_when_it_shows_a_token_to_a_person_is_a_breach),
        cmocka_unit_test(effect_when_the_policy_forbids_it_is_a_breach),
        cmocka_unit_test(effect_when_a_claimed_fact_has_no_evidence_is_a_breach),
        cmocka_unit_test(fact_when_cited_and_left_out_of_the_record_is_a_breach),
        cmocka_unit_test(nulls_when_cited_and_not_named_count_only_where_they_are_plain),
        cmocka_unit_test(effect_when_evidence_and_policy_permit_it_is_lawful),
        cmocka_unit_test(evidence_when_sample_small_or_labels_young_is_a_breach),
        cmocka_unit_test(training_when_rows_are_disputed_is_a_breach),
        cmocka_unit_test(training_when_a_source_is_quarantined_is_a_breach),
        cmocka_unit_test(window_when_cited_supports_only_what_its_bins_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
