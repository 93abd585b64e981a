/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded lists of a step, advice and effects, and the look-ups in a deployment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/types/advice.h"
#include "core/types/deployment.h"
#include "core/types/effect.h"

static struct advice advice;
static struct effects effects;

static void advice_when_full_counts_what_is_lost(void **state)
{
    (void)state;
    advice_reset(&advice);
    for (uint32_t i = 0; i < ADVICE_MAX; i++) {
        advice_push(&advice, ADVICE_NOTE)->model.value = (uint16_t)(i + 1);
    }
    assert_int_equal(advice.n_dropped, 0);
    struct advice_item *lost = advice_push(&advice, ADVICE_PROPOSE);
    assert_int_equal(lost->kind, ADVICE_PROPOSE);
    lost->model.value = 999;
    lost = advice_push(&advice, ADVICE_CLOSE);
    assert_int_equal(lost->model.value, 0);
    assert_int_equal(advice.n_items, ADVICE_MAX);
    assert_int_equal(advice.n_dropped, 2);
    for (uint32_t i = 0; i < ADVICE_MAX; i++) {
        assert_int_equal(advice.items[i].kind, ADVICE_NOTE);
        assert_int_equal(advice.items[i].model.value, i + 1);
    }
}

static void advice_when_pushed_again_starts_from_zero(void **state)
{
    (void)state;
    memset(&advice, 0xee, sizeof(advice));
    advice_reset(&advice);
    assert_int_equal(advice.wake_at, NEVER);
    struct advice_item zero;
    memset(&zero, 0, sizeof(zero));
    zero.kind = ADVICE_CLOSE;
    assert_memory_equal(advice_push(&advice, ADVICE_CLOSE), &zero, sizeof(zero));
}

static void advice_cite_when_repeated_or_full_keeps_the_first(void **state)
{
    (void)state;
    advice_reset(&advice);
    struct advice_item *item = advice_push(&advice, ADVICE_CLAIM);
    for (uint64_t round = 0; round < 2; round++) {
        for (uint64_t id = 1; id <= EVIDENCE_CITED_MAX + 3; id++) {
            advice_cite(item, (struct evidence_id){id});
        }
    }
    advice_cite(item, (struct evidence_id){0});
    assert_int_equal(item->n_evidence, EVIDENCE_CITED_MAX);
    for (uint32_t i = 0; i < EVIDENCE_CITED_MAX; i++) {
        assert_int_equal(item->evidence[i].value, i + 1);
    }
}

static void effects_when_full_are_a_bug(void **state)
{
    (void)state;
    effects_reset(&effects);
    assert_int_equal(effects.wake_at, NEVER);
    assert_true(effects_have_room(&effects, EFFECTS_MAX));
    assert_false(effects_have_room(&effects, EFFECTS_MAX + 1));
    assert_false(effects_have_room(&effects, UINT32_MAX));
    for (uint32_t i = 0; i < EFFECTS_MAX; i++) {
        struct record *record = effects_record(&effects, RECORD_NOTIFIED);
        assert_int_equal(record->kind, RECORD_NOTIFIED);
        assert_int_equal(effects.items[i].kind, EFFECT_RECORD);
    }
    assert_true(effects_have_room(&effects, 0));
    assert_false(effects_have_room(&effects, 1));
    expect_assert_failure((void)effects_push(&effects, EFFECT_PAGE));
}

static struct deployment rota(void)
{
    struct deployment deployment;
    memset(&deployment, 0, sizeof(deployment));
    deployment.n_models = 2;
    deployment.n_people = 4;
    deployment.people[0] = (struct person_entry){"ann", 1u << ROLE_APPROVER, 0};
    deployment.people[1] = (struct person_entry){"bob", 1u << ROLE_ONCALL, 1};
    deployment.people[2] = (struct person_entry){"cyd", 1u << ROLE_ONCALL | 1u << ROLE_APPROVER, 3};
    deployment.people[3] = (struct person_entry){"dee", 1u << ROLE_ONCALL, 2};
    return deployment;
}

static void person_when_the_level_is_beyond_the_rota_is_the_highest(void **state)
{
    (void)state;
    struct deployment deployment = rota();
    assert_int_equal(deployment_person(&deployment, ROLE_ONCALL, 1).value, 2);
    assert_int_equal(deployment_person(&deployment, ROLE_ONCALL, 2).value, 4);
    assert_int_equal(deployment_person(&deployment, ROLE_ONCALL, 3).value, 3);
    assert_int_equal(deployment_person(&deployment, ROLE_ONCALL, 9).value, 3);
    assert_int_equal(deployment_person(&deployment, ROLE_APPROVER, 7).value, 1);
    assert_int_equal(deployment_person(&deployment, ROLE_SECURITY, 1).value, 0);
}

static void person_when_unknown_has_no_role(void **state)
{
    (void)state;
    struct deployment deployment = rota();
    assert_true(deployment_person_has(&deployment, (struct person_id){3}, ROLE_APPROVER));
    assert_false(deployment_person_has(&deployment, (struct person_id){2}, ROLE_APPROVER));
    assert_false(deployment_person_has(&deployment, (struct person_id){0}, ROLE_APPROVER));
    assert_false(deployment_person_has(&deployment, (struct person_id){5}, ROLE_APPROVER));
    assert_false(deployment_person_has(&deployment, (struct person_id){UINT16_MAX}, ROLE_ONCALL));
}

static void model_when_unknown_is_null(void **state)
{
    (void)state;
    struct deployment deployment = rota();
    assert_null(deployment_model(&deployment, (struct model_id){0}));
    assert_null(deployment_model(&deployment, (struct model_id){3}));
    assert_ptr_equal(deployment_model(&deployment, (struct model_id){2}), &deployment.models[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(advice_when_full_counts_what_is_lost),
        cmocka_unit_test(advice_when_pushed_again_starts_from_zero),
        cmocka_unit_test(advice_cite_when_repeated_or_full_keeps_the_first),
        cmocka_unit_test(effects_when_full_are_a_bug),
        cmocka_unit_test(person_when_the_level_is_beyond_the_rota_is_the_highest),
        cmocka_unit_test(person_when_unknown_has_no_role),
        cmocka_unit_test(model_when_unknown_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
