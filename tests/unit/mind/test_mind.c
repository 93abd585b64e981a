/* SPDX-License-Identifier: Apache-2.0 */
/* The door: any of the minds in one block, told apart by its identity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/mind/mind.h"
#include "tests/lib/memory_visit.h"
#include "tests/unit/mind/fixture.h"

enum { N_MINDS = MIND_DOOR_SABOTEUR + 1 };

static void *block_open(void)
{
    void *block = aligned_alloc(16, mind_size());
    assert_non_null(block);
    memset(block, 0x5A, mind_size());
    return block;
}

static void mind_size_when_asked_fits_every_mind(void **state)
{
    (void)state;
    assert_int_equal(mind_size() % 16, 0);
    assert_true(mind_size() > rules_size());
    assert_true(mind_size() > escalate_all_size());
    assert_true(mind_size() > act_always_size());
    assert_true(mind_size() > saboteur_size());
    assert_true(mind_size() > steward_mind_size());
}

static void mind_identity_when_the_kind_differs_differs(void **state)
{
    (void)state;
    static struct deployment deployment;
    static struct policy_limits limits;
    struct digest128 identities[N_MINDS];
    void *block = block_open();
    for (int i = 0; i < N_MINDS; i++) {
        identities[i] = mind_identity(mind_init(block, &deployment, &limits, (enum mind_door_kind)i));
        for (int j = 0; j < i; j++) {
            assert_false(digest128_equal(identities[i], identities[j]));
        }
        struct digest128 again =
            mind_identity(mind_init(block, &deployment, &limits, (enum mind_door_kind)i));
        assert_true(digest128_equal(identities[i], again));
    }
    free(block);
}

static struct digest128 state_of(struct mind *mind)
{
    struct visit_digest digest;
    visit_digest_init(&digest);
    mind_visit(mind, &digest.visit);
    return visit_digest_close(&digest);
}

/* The bench makes the events; the door's mind must say what the mind behind it says. */
static void mind_step_when_dispatched_is_that_of_the_kind(void **state)
{
    (void)state;
    static struct bench bench;
    static struct advice advice;
    bench_open(&bench, &bench_escalate_all);
    void *block = block_open();
    struct mind *mind = mind_init(block, &bench.deployment, &bench.limits, MIND_DOOR_ESCALATE_ALL);
    bench_close(&bench);
    bench_open(&bench, &bench_escalate_all); /* Its last event is the baseline of model 2. */
    for (int i = 0; i < 3; i++) {
        advice_reset(&advice);
        mind_step(mind, &bench.event, &bench.docket, &advice);
        assert_int_equal(advice.n_items, i == 0 ? 0 : bench.advice.n_items);
        bench_window(&bench, 2, (struct bench_window){.requests_failed = i == 0 ? 200 : 0});
    }
    bench_close(&bench);
    free(block);
}

static void mind_visit_when_fresh_is_the_same_for_any_memory(void **state)
{
    (void)state;
    static struct deployment deployment;
    static struct policy_limits limits;
    deployment.n_models = 2;
    void *first = block_open(), *second = block_open();
    memset(second, 0, mind_size());
    for (int i = 0; i < N_MINDS; i++) {
        struct mind *a = mind_init(first, &deployment, &limits, (enum mind_door_kind)i);
        struct mind *b = mind_init(second, &deployment, &limits, (enum mind_door_kind)i);
        assert_true(digest128_equal(state_of(a), state_of(b)));
    }
    free(first);
    free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mind_size_when_asked_fits_every_mind),
        cmocka_unit_test(mind_identity_when_the_kind_differs_differs),
        cmocka_unit_test(mind_step_when_dispatched_is_that_of_the_kind),
        cmocka_unit_test(mind_visit_when_fresh_is_the_same_for_any_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
