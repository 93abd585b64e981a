/* SPDX-License-Identifier: Apache-2.0 */
/* The doubles under each fault, asked by the machines of live mode: an answer keeps its meaning or says that it has none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/types/limits.h"
#include "live/adapter/mlflow.h"
#include "wire/double.h"

#define EPOCH_NS (INT64_C(1767225600) * NS_PER_S)

struct stage {
    struct wire_double servers;
    struct registry_source source;
    struct alias_move move;
    struct http_request request;
    struct stream stream;
};

static struct stage *stage_open(void)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    assert_non_null(stage);
    stage->servers.epoch_unix_ns = EPOCH_NS;
    stage->servers.model.alias.value = 4;
    stage->servers.model.alias_before.value = 3;
    stage->source.epoch_unix_ns = EPOCH_NS;
    (void)snprintf(stage->source.endpoint.url, sizeof(stage->source.endpoint.url), "http://mlflow");
    (void)snprintf(stage->source.model, sizeof(stage->source.model), "model");
    (void)snprintf(stage->source.alias, sizeof(stage->source.alias), "champion");
    stream_init(&stage->stream, 1, "test", 0);
    return stage;
}

/* Moves the alias to the version; the fault spoils request fault_i, all others go well. */
static void move_to(struct stage *stage, uint16_t version, enum wire_fault fault, uint32_t fault_i)
{
    const struct act_effect act = {.action = {9}, .key = {.hi = 7, .lo = version}};
    struct alias_move *move = &stage->move;
    struct http_response response;
    int64_t at = 0;
    enum exchange_next next = alias_move_begin(move, &stage->source, &act,
                                               (struct version_id){version}, at, &stage->request);
    for (uint32_t i = 0; next == EXCHANGE_SEND || next == EXCHANGE_WAIT;) {
        if (next == EXCHANGE_WAIT) {
            at = move->exchange.wait_until;
            next = alias_move_timer(move, at, &stage->request);
            continue;
        }
        enum wire_fault now = i++ == fault_i ? fault : WIRE_FAULT_NONE;
        at = double_serve(&stage->servers, &stage->request, now, &stage->stream, at, &response);
        next = alias_move_take(move, at, &response, &stage->request);
    }
}

static void alias_when_the_set_meets_any_fault_is_set_once_and_told(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < N_WIRE_FAULTS; i++) {
        struct stage *stage = stage_open();
        move_to(stage, 2, (enum wire_fault)i, 1);
        assert_true(stage->servers.n_sets <= 1);
        if (stage->servers.n_sets == 1) {
            assert_int_equal(stage->move.status, OUTCOME_DONE);
            assert_int_equal(stage->servers.model.alias.value, 2);
            assert_int_equal(stage->servers.model.key.hi, 7);
            assert_int_equal(stage->servers.model.key.lo, 2);
        } else { /* Lost before the server: nobody can know, so it is unknown and the alias stands. */
            assert_int_equal(stage->move.status, OUTCOME_UNKNOWN);
            assert_int_equal(stage->servers.model.alias.value, 4);
        }
        free(stage);
    }
}

static void alias_when_any_one_request_fails_is_never_told_failed_though_set(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < N_WIRE_FAULTS; i++) {
        for (uint32_t fault_i = 0; fault_i < 8; fault_i++) {
            struct stage *stage = stage_open();
            move_to(stage, 2, (enum wire_fault)i, fault_i);
            assert_true(stage->servers.n_sets <= 1);
            assert_false(stage->servers.n_sets == 1 && stage->move.status == OUTCOME_FAILED);
            assert_false(stage->servers.n_sets == 0 && stage->move.status == OUTCOME_DONE);
            free(stage);
        }
    }
}

static void alias_when_the_key_was_applied_is_not_set_again(void **state)
{
    (void)state;
    struct stage *stage = stage_open();
    move_to(stage, 2, WIRE_FAULT_NONE, 0);
    stage->servers.model.alias.value = 4; /* Somebody moved it since. */
    move_to(stage, 2, WIRE_FAULT_NONE, 0);
    assert_int_equal(stage->servers.n_sets, 1);
    assert_int_equal(stage->move.status, OUTCOME_DONE);
    free(stage);
}

static void alias_when_doomed_is_told_as_the_doom_says(void **state)
{
    (void)state;
    static const struct {
        enum wire_doom doom;
        uint32_t n_sets;
        enum outcome_status status;
    } cases[] = {{DOOM_NONE, 1, OUTCOME_DONE},
                 {DOOM_REFUSED, 0, OUTCOME_FAILED},
                 {DOOM_LOST_DONE, 1, OUTCOME_UNKNOWN},
                 {DOOM_LOST_NOT_DONE, 0, OUTCOME_UNKNOWN}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct stage *stage = stage_open();
        stage->servers.doom = cases[i].doom;
        move_to(stage, 2, WIRE_FAULT_NONE, 0);
        assert_int_equal(stage->servers.n_sets, cases[i].n_sets);
        assert_int_equal(stage->move.status, cases[i].status);
        free(stage);
    }
}

static void alias_when_a_stale_read_shows_the_target_is_looked_at_again(void **state)
{
    (void)state;
    struct stage *stage = stage_open();
    move_to(stage, 3, WIRE_FAULT_STALE, 0);
    assert_int_equal(stage->servers.n_sets, 1);
    assert_int_equal(stage->servers.model.alias.value, 3);
    assert_int_equal(stage->move.status, OUTCOME_DONE);
    free(stage);
}

static void faults_when_drawn_often_all_come(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 5, "test", 0);
    uint32_t counts[N_WIRE_FAULTS] = {0};
    for (uint32_t i = 0; i < 20000; i++) {
        counts[wire_fault_draw(&stream)]++;
    }
    for (uint32_t i = 0; i < N_WIRE_FAULTS; i++) {
        assert_true(counts[i] > 0);
    }
    assert_true(counts[WIRE_FAULT_NONE] > 18000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alias_when_the_set_meets_any_fault_is_set_once_and_told),
        cmocka_unit_test(alias_when_any_one_request_fails_is_never_told_failed_though_set),
        cmocka_unit_test(alias_when_the_key_was_applied_is_not_set_again),
        cmocka_unit_test(alias_when_doomed_is_told_as_the_doom_says),
        cmocka_unit_test(alias_when_a_stale_read_shows_the_target_is_looked_at_again),
        cmocka_unit_test(faults_when_drawn_often_all_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
