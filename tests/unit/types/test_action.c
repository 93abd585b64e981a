/* SPDX-License-Identifier: Apache-2.0 */
/* Content address, properties of verbs and life cycle of actions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/types/action.h"
#include "core/types/names.h"

/* Changes the field with the given number, in the order of the visit. */
struct changer {
    struct visit visit;
    int wanted, n_fields;
};

static void change_u64(void *self, const char *name, uint64_t *value, uint64_t max)
{
    (void)name;
    struct changer *changer = self;
    if (changer->n_fields++ == changer->wanted) {
        *value = *value < max ? *value + 1 : *value - 1;
    }
}

static void change_i64(void *self, const char *name, int64_t *value)
{
    (void)name;
    struct changer *changer = self;
    *value += changer->n_fields++ == changer->wanted ? 1 : 0;
}

static void change_begin(void *self, const char *name, int index)
{
    (void)self;
    (void)name;
    (void)index;
}

static void change_end(void *self) { (void)self; }

/* Arguments hold neither doubles nor bytes. */
static const struct visit_ops change_ops = {
    .u64 = change_u64, .i64 = change_i64, .begin = change_begin, .end = change_end};

static struct action_args some_args(void)
{
    struct action_args args;
    memset(&args, 0, sizeof(args));
    args.model.value = 2;
    args.target.value = 7;
    args.ttl_ns = 3600 * NS_PER_S;
    args.subject = (struct digest128){.hi = 11, .lo = 12};
    return args;
}

static void action_hash_when_padding_differs_is_the_same(void **state)
{
    (void)state;
    struct action_args a;
    struct action_args b;
    memset(&a, 0x00, sizeof(a));
    memset(&b, 0xff, sizeof(b));
    struct action_args same = some_args();
    /* Field by field, so that the padding of b keeps its ones. */
#define COPY(field) a.field = b.field = same.field
    COPY(model);
    COPY(target);
    COPY(table);
    COPY(feature_mask);
    COPY(window);
    COPY(from_ns);
    COPY(to_ns);
    COPY(weight_ppm);
    COPY(step_ppm);
    COPY(mode);
    COPY(ttl_ns);
    COPY(release);
    COPY(purge);
    COPY(recipient);
    COPY(subject);
#undef COPY
    assert_true(digest128_equal(action_hash(VERB_ROLLBACK, &a), action_hash(VERB_ROLLBACK, &b)));
}

static void action_hash_when_nothing_changes_is_the_recorded_one(void **state)
{
    (void)state;
    struct action_args args = some_args();
    struct digest128 hash = action_hash(VERB_ROLLBACK, &args);
    assert_int_equal(hash.hi, UINT64_C(0x4612cd5fa462dc8d));
    assert_int_equal(hash.lo, UINT64_C(0x6ffd587188fa4849));
}

static void action_hash_when_any_field_changes_is_another(void **state)
{
    (void)state;
    struct action_args args = some_args();
    struct digest128 seen[64];
    int n_seen = 0;
    seen[n_seen++] = action_hash(VERB_ROLLBACK, &args);
    seen[n_seen++] = action_hash(VERB_PROMOTE, &args);
    int n_fields = 1;
    for (int i = 0; i < n_fields; i++) {
        struct action_args other = args;
        struct changer changer = {.visit = {.ops = &change_ops, .reading = true}, .wanted = i};
        changer.visit.self = &changer;
        action_args_visit(&changer.visit, "args", &other);
        n_fields = changer.n_fields;
        assert_true(n_fields <= 60);
        seen[n_seen++] = action_hash(VERB_ROLLBACK, &other);
    }
    assert_int_equal(n_fields, 16); /* Fifteen arguments, one of them of two words. */
    for (int i = 0; i < n_seen; i++) {
        for (int j = 0; j < i; j++) {
            assert_false(digest128_equal(seen[i], seen[j]));
        }
    }
}

static void action_hash_when_an_argument_is_no_value_of_its_enum_is_a_bug(void **state)
{
    (void)state;
    struct action_args args = some_args();
    args.recipient = (enum role)N_ROLES;
    expect_assert_failure((void)action_hash(VERB_NOTIFY, &args));
}

static void verbs_that_move_serving_change_state(void **state)
{
    (void)state;
    for (int verb = 0; verb < N_VERBS; verb++) {
        assert_true(!verb_moves_serving((enum verb)verb) || verb_changes_state((enum verb)verb));
    }
    assert_false(verb_changes_state(VERB_NOOP));
    assert_false(verb_changes_state(VERB_ESCALATE));
    assert_true(verb_changes_state(VERB_RETRAIN));
    assert_false(verb_moves_serving(VERB_RETRAIN));
    assert_true(verb_moves_serving(VERB_ROLLBACK));
    assert_true((verb_uses(VERB_CANARY) & USES_WEIGHT) != 0);
    assert_int_equal(verb_uses(VERB_RECONCILE), USES_TARGET);
}

static void action_when_it_starts_has_been_checked_and_intended(void **state)
{
    (void)state;
    for (uint32_t from = 0; from < N_ACTION_STATES; from++) {
        assert_int_equal(machine_may(&action_machine, from, ACTION_INTENDED),
                         from == ACTION_CHECKING);
        bool reaches_reading = machine_may(&action_machine, from, ACTION_READING);
        assert_int_equal(reaches_reading, from == ACTION_INTENDED);
        assert_false(machine_may(&action_machine, from, ACTION_NONE));
        assert_string_equal(action_machine.states[from].name,
                            action_state_name((enum action_state)from));
    }
}

static void action_when_applied_ends_verified_undone_or_failed(void **state)
{
    (void)state;
    assert_true(machine_may(&action_machine, ACTION_APPLIED, ACTION_VERIFIED));
    assert_true(machine_may(&action_machine, ACTION_APPLIED, ACTION_UNDOING));
    assert_true(machine_may(&action_machine, ACTION_UNDOING, ACTION_UNDONE));
    assert_false(machine_may(&action_machine, ACTION_APPLIED, ACTION_UNDONE));
    assert_false(machine_may(&action_machine, ACTION_APPLIED, ACTION_REFUSED));
    static const enum action_state ends[] = {ACTION_VERIFIED, ACTION_UNDONE, ACTION_FAILED,
                                             ACTION_REFUSED, ACTION_EXPIRED};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        assert_true(machine_is_terminal(&action_machine, (uint32_t)ends[i]));
    }
    uint8_t end = ACTION_VERIFIED;
    expect_assert_failure(machine_move(&action_machine, &end, ACTION_UNDOING));
}

static void action_when_begun_can_reach_every_state(void **state)
{
    (void)state;
    uint32_t reached = 1u << ACTION_NONE;
    for (uint32_t round = 0; round < N_ACTION_STATES; round++) {
        for (uint32_t i = 0; i < N_ACTION_STATES; i++) {
            reached |= (reached >> i & 1u) != 0 ? action_machine.states[i].next : 0;
        }
    }
    assert_int_equal(reached, (1u << N_ACTION_STATES) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(action_hash_when_padding_differs_is_the_same),
        cmocka_unit_test(action_hash_when_nothing_changes_is_the_recorded_one),
        cmocka_unit_test(action_hash_when_any_field_changes_is_another),
        cmocka_unit_test(action_hash_when_an_argument_is_no_value_of_its_enum_is_a_bug),
        cmocka_unit_test(verbs_that_move_serving_change_state),
        cmocka_unit_test(action_when_it_starts_has_been_checked_and_intended),
        cmocka_unit_test(action_when_applied_ends_verified_undone_or_failed),
        cmocka_unit_test(action_when_begun_can_reach_every_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
