/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnosis: each cause is recognised from its signature, harmless is told from harmful, and conflict is unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/mind/diagnosis.h"
#include "core/types/names.h"

enum { SEEN_MAX = 4 };

/* Signs present; every other sign of a tool that answered is absent. */
struct signature {
    enum cause cause;
    uint32_t n_seen;
    enum sign seen[SEEN_MAX];
};

static const struct signature signatures[] = {
    {CAUSE_COVARIATE_SHIFT, 2, {SIGN_SHIFT_KEY, SIGN_QUALITY_LOW}},
    {CAUSE_CONCEPT_SHIFT, 1, {SIGN_QUALITY_LOW}},
    {CAUSE_SCHEMA_CHANGE, 3, {SIGN_COLUMN_EMPTY, SIGN_SCHEMA_CHANGED, SIGN_QUALITY_LOW}},
    {CAUSE_UNIT_CHANGE, 3, {SIGN_SCALE, SIGN_SHIFT_KEY, SIGN_QUALITY_LOW}},
    {CAUSE_NULL_BURST, 3, {SIGN_NULLS, SIGN_PROVIDER_DOWN, SIGN_QUALITY_LOW}},
    {CAUSE_FEATURE_ACTIVATION, 1, {SIGN_ACTIVATED}},
    {CAUSE_STALE_DATA, 2, {SIGN_STALE, SIGN_QUALITY_LOW}},
    {CAUSE_LABEL_FAULT, 2, {SIGN_LABELS_SCARCE, SIGN_QUALITY_LOW}},
    {CAUSE_BAD_MODEL, 4, {SIGN_MODEL_CHANGED, SIGN_GOLDEN_LOW, SIGN_PREVIOUS_BETTER, SIGN_QUALITY_LOW}},
    {CAUSE_BAD_CONFIG, 3, {SIGN_CONFIG_CHANGED, SIGN_DECISION_STEP, SIGN_QUALITY_LOW}},
    {CAUSE_BAD_IMAGE, 2, {SIGN_IMAGE_CHANGED, SIGN_OPERATIONS_BAD}},
    {CAUSE_CAPACITY, 1, {SIGN_OPERATIONS_BAD}},
    {CAUSE_ATTACK, 2, {SIGN_SUSPICIOUS_TEXT, SIGN_SHIFT_MINOR}},
    {CAUSE_BENIGN_CALENDAR, 2, {SIGN_DECLARED, SIGN_SHIFT_MINOR}},
    {CAUSE_BENIGN_DRIFT, 1, {SIGN_SHIFT_MINOR}},
    {CAUSE_TELEMETRY_FAULT, 1, {SIGN_SILENT}},
    {CAUSE_HALF_FINISHED_CHANGE, 2, {SIGN_HALF_DONE, SIGN_MODEL_CHANGED}},
};

static void signs_all(struct signs *signs, enum sign_state rest)
{
    for (uint32_t i = 0; i < N_SIGNS; i++) {
        signs->states[i] = (uint8_t)rest;
    }
}

static void signs_of(const struct signature *signature, struct signs *ret_signs)
{
    signs_all(ret_signs, SIGN_ABSENT);
    for (uint32_t i = 0; i < signature->n_seen; i++) {
        ret_signs->states[signature->seen[i]] = SIGN_PRESENT;
    }
}

static void cause_when_its_signature_is_seen_leads_decisively(void **state)
{
    (void)state;
    uint32_t n_known = 0;
    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
        struct signs signs;
        struct diagnosis diagnosis;
        signs_of(&signatures[i], &signs);
        diagnosis_update(&diagnosis, &signs);
        if (diagnosis.leading != signatures[i].cause ||
            !diagnosis_is_decisive(&diagnosis, &signs, false)) {
            print_error("%s: leads %s at %.3f, then %s at %.3f\n", cause_name(signatures[i].cause),
                        cause_name(diagnosis.leading), diagnosis.posterior[diagnosis.leading],
                        cause_name(diagnosis.second), diagnosis.posterior[diagnosis.second]);
        }
        assert_int_equal(diagnosis.leading, signatures[i].cause);
        assert_true(diagnosis_is_decisive(&diagnosis, &signs, false));
        n_known++;
    }
    assert_int_equal(n_known, N_CAUSES - 1); /* All but unknown. */
}

static void shift_when_no_labels_have_come_is_judged_by_what_rests_on_it(void **state)
{
    (void)state;
    struct signs signs;
    struct diagnosis diagnosis;
    signs_all(&signs, SIGN_ABSENT);
    signs.states[SIGN_QUALITY_LOW] = SIGN_UNSEEN;
    signs.states[SIGN_SHIFT_MINOR] = SIGN_PRESENT;
    diagnosis_update(&diagnosis, &signs);
    assert_int_equal(diagnosis.leading, CAUSE_BENIGN_DRIFT);
    signs.states[SIGN_SHIFT_KEY] = SIGN_PRESENT;
    signs.states[SIGN_SHIFT_MINOR] = SIGN_ABSENT;
    diagnosis_update(&diagnosis, &signs);
    assert_int_equal(diagnosis.leading, CAUSE_COVARIATE_SHIFT);
}

static void benign_when_labels_show_loss_is_not_decided(void **state)
{
    (void)state;
    struct signs signs;
    struct diagnosis diagnosis;
    signs_all(&signs, SIGN_ABSENT);
    signs.states[SIGN_SHIFT_MINOR] = SIGN_PRESENT;
    signs.states[SIGN_QUALITY_LOW] = SIGN_PRESENT;
    diagnosis_update(&diagnosis, &signs);
    assert_false(cause_is_benign(diagnosis.leading) &&
                 diagnosis_is_decisive(&diagnosis, &signs, false));
}

static void cause_when_only_circumstance_speaks_for_it_is_not_decided(void **state)
{
    (void)state;
    struct signs signs;
    struct diagnosis diagnosis;
    signs_all(&signs, SIGN_UNSEEN);
    signs.states[SIGN_MODEL_CHANGED] = SIGN_PRESENT; /* A push, and nothing that it did. */
    signs.states[SIGN_OPERATIONS_BAD] = SIGN_ABSENT;
    signs.states[SIGN_SHIFT_MINOR] = SIGN_ABSENT;
    signs.states[SIGN_CONFIG_CHANGED] = SIGN_ABSENT;
    signs.states[SIGN_IMAGE_CHANGED] = SIGN_ABSENT;
    diagnosis_update(&diagnosis, &signs);
    assert_int_equal(diagnosis.leading, CAUSE_BAD_MODEL);
    assert_false(diagnosis_is_decisive(&diagnosis, &signs, false));
}

static void evidence_when_it_conflicts_is_unknown(void **state)
{
    (void)state;
    struct signs signs;
    struct diagnosis diagnosis;
    signs_all(&signs, SIGN_ABSENT);
    static const enum sign clash[] = {SIGN_SCALE,         SIGN_LABELS_SCARCE,
                                      SIGN_IMAGE_CHANGED, SIGN_CONFIG_CHANGED,
                                      SIGN_STALE,         SIGN_PREVIOUS_BETTER};
    for (size_t i = 0; i < sizeof(clash) / sizeof(clash[0]); i++) {
        signs.states[clash[i]] = SIGN_PRESENT;
    }
    diagnosis_update(&diagnosis, &signs);
    assert_int_equal(diagnosis.leading, CAUSE_UNKNOWN);
    assert_false(diagnosis_is_decisive(&diagnosis, &signs, false));
}

static void posterior_when_nothing_is_seen_is_the_prior(void **state)
{
    (void)state;
    struct signs signs;
    struct diagnosis diagnosis;
    signs_all(&signs, SIGN_UNSEEN);
    diagnosis_update(&diagnosis, &signs);
    double total = 0.0;
    for (uint32_t i = 0; i < N_CAUSES; i++) {
        double prior = diagnosis_prior((enum cause)i);
        assert_true(diagnosis.posterior[i] > prior - 1e-12 && diagnosis.posterior[i] < prior + 1e-12);
        total += diagnosis.posterior[i];
    }
    assert_true(total > 1.0 - 1e-12 && total < 1.0 + 1e-12);
    assert_false(diagnosis_is_decisive(&diagnosis, &signs, false));
}

static void table_when_read_holds_probabilities_and_no_certainty(void **state)
{
    (void)state;
    for (uint32_t cause = 0; cause < N_CAUSES; cause++) {
        assert_true(diagnosis_prior((enum cause)cause) > 0.0);
        for (uint32_t sign = 0; sign < N_SIGNS; sign++) {
            double p = diagnosis_likelihood((enum cause)cause, (enum sign)sign);
            assert_true(p >= 0.01 && p <= 0.99);
        }
    }
}

static void tool_when_its_signs_are_seen_is_worth_nothing_more(void **state)
{
    (void)state;
    struct signs signs;
    struct diagnosis diagnosis;
    signs_all(&signs, SIGN_UNSEEN);
    signs.states[SIGN_MODEL_CHANGED] = SIGN_PRESENT;
    diagnosis_update(&diagnosis, &signs);
    double golden = diagnosis_value(&diagnosis, &signs, TOOL_GOLDEN);
    double tables = diagnosis_value(&diagnosis, &signs, TOOL_TABLES);
    assert_true(golden > tables); /* A model has changed: the clean set says most. */
    signs.states[SIGN_GOLDEN_LOW] = SIGN_PRESENT;
    diagnosis_update(&diagnosis, &signs);
    assert_true(diagnosis_value(&diagnosis, &signs, TOOL_GOLDEN) == 0.0);
    assert_true(diagnosis_value(&diagnosis, &signs, TOOL_TABLES) < tables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cause_when_its_signature_is_seen_leads_decisively),
        cmocka_unit_test(shift_when_no_labels_have_come_is_judged_by_what_rests_on_it),
        cmocka_unit_test(benign_when_labels_show_loss_is_not_decided),
        cmocka_unit_test(cause_when_only_circumstance_speaks_for_it_is_not_decided),
        cmocka_unit_test(evidence_when_it_conflicts_is_unknown),
        cmocka_unit_test(posterior_when_nothing_is_seen_is_the_prior),
        cmocka_unit_test(table_when_read_holds_probabilities_and_no_certainty),
        cmocka_unit_test(tool_when_its_signs_are_seen_is_worth_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
