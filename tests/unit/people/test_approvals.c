/* SPDX-License-Identifier: Apache-2.0 */
/* Approvers: when and how often they grant, and that forged, stale and absent answers arrive as told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/people/town.h"

enum { SEEDS = 4000 };

static struct town town;
static const struct approval_conditions usual = {.forgery = -1};

static bool is_share(uint64_t n, uint64_t of, double expected, double tolerance)
{
    double share = (double)n / (double)of;
    return share > expected - tolerance && share < expected + tolerance;
}

static void open_town(uint64_t seed, bool faulty)
{
    town_init(&town, seed, MONDAY_10, 4000 * NS_PER_HOUR);
    if (faulty) {
        town_break(&town, CAUSE_BAD_MODEL);
    }
    town.plan.correct.n_alternatives = 1;
    town.plan.correct.alternatives[0].n_steps = 2;
    town.plan.correct.alternatives[0].steps[0].verb = VERB_FALLBACK;
    town.plan.correct.alternatives[0].steps[1].verb = VERB_ROLLBACK;
    town_open(&town, false);
}

static struct request_effect request_of(uint32_t approval, uint32_t quorum)
{
    return (struct request_effect){.approval = {approval},
                                   .incident = {1},
                                   .action_hash = {100 + approval, 200 + approval},
                                   .verb = VERB_ROLLBACK,
                                   .args = {.model = {1}},
                                   .nonce = 300 + approval,
                                   .quorum = quorum,
                                   .expires_at = 15 * NS_PER_MIN};
}

static void request_when_answered_is_bound_and_takes_its_time(void **state)
{
    (void)state;
    uint64_t n_median = 0, n_p90 = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        open_town(seed, true);
        struct request_effect request = request_of(1, 1);
        people_request(town.people, &request, usual);
        town_run(&town, false);
        assert_int_equal(town.n_events, 1);
        const struct approval_event *answer = &town.events[0].event.approval;
        assert_int_equal(town.events[0].event.kind, EVENT_APPROVAL);
        assert_int_equal(answer->approval.value, 1);
        assert_true(digest128_equal(answer->action_hash, request.action_hash));
        assert_int_equal(answer->nonce, request.nonce);
        assert_int_equal(answer->person.value, APPROVER);
        assert_int_equal(answer->issued_at, town.events[0].at);
        n_median += town.events[0].at <= 25 * NS_PER_MIN ? 1 : 0;
        n_p90 += town.events[0].at <= 6142 * NS_PER_S ? 1 : 0; /* 25 min x exp(1.1 x 1.28155). */
    }
    assert_true(is_share(n_median, SEEDS, 0.50, 0.032));
    assert_true(is_share(n_p90, SEEDS, 0.90, 0.019));
}

static void approver_when_the_act_is_right_for_the_cause_grants_and_else_denies(void **state)
{
    (void)state;
    static const struct {
        bool faulty, right;
        enum verb verb;
        struct action_args args;
    } cases[] = {
        {true, true, VERB_ROLLBACK, {.model = {1}, .target = {1}}},
        {true, true, VERB_FALLBACK, {.model = {1}}},
        {true, false, VERB_RETRAIN, {.model = {1}}},                  /* Of no right answer. */
        {true, false, VERB_ROLLBACK, {.model = {1}, .target = {3}}},  /* To a bad version. */
        {true, false, VERB_ROLLBACK, {.model = {2}, .target = {1}}},  /* Of a healthy model. */
        {false, false, VERB_ROLLBACK, {.model = {1}, .target = {1}}}, /* Nothing is wrong. */
        {false, true, VERB_FALLBACK, {.model = {1}, .release = true}},
        {false, true, VERB_ABORT_CANARY, {.model = {1}}},
        {false, true, VERB_RECONCILE, {.model = {1}, .target = {3}}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t n_granted = 0;
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            open_town(seed, cases[i].faulty);
            struct request_effect request = request_of(1, 1);
            request.verb = cases[i].verb;
            request.args = cases[i].args;
            people_request(town.people, &request, usual);
            town_run(&town, false);
            bool is_granted = town.events[0].event.approval.granted;
            n_granted += is_granted ? 1 : 0;
            assert_int_equal(town_count(&town, is_granted ? HUMAN_APPROVED : HUMAN_DENIED), 1);
            assert_int_equal(town_count(&town, HUMAN_ASKED), 1);
        }
        assert_true(is_share(n_granted, SEEDS, cases[i].right ? 0.85 : 0.15, 0.023));
    }
}

static void request_when_two_are_needed_is_answered_by_two_people(void **state)
{
    (void)state;
    open_town(3, true);
    struct request_effect request = request_of(1, 2);
    people_request(town.people, &request, usual);
    town_run(&town, false);
    assert_int_equal(town.n_events, 2);
    uint32_t a = town.events[0].event.approval.person.value,
             b = town.events[1].event.approval.person.value;
    assert_int_equal(a + b, APPROVER + SECOND_APPROVER);
    assert_int_not_equal(a, b);
}

static void approver_when_absent_never_answers(void **state)
{
    (void)state;
    open_town(3, true);
    struct request_effect request = request_of(1, 2);
    people_request(town.people, &request,
                   (struct approval_conditions){.forgery = -1, .absent = true});
    town_run(&town, false);
    assert_int_equal(town.n_events, 0);
    assert_int_equal(town_count(&town, HUMAN_ASKED), 1);
}

static void answer_when_stale_comes_after_its_expiry(void **state)
{
    (void)state;
    open_town(3, true);
    struct request_effect request = request_of(1, 2);
    people_request(town.people, &request, (struct approval_conditions){.forgery = -1, .stale = true});
    town_run(&town, false);
    assert_int_equal(town.n_events, 2);
    assert_int_equal(town.events[0].at, request.expires_at + NS_PER_MIN);
    assert_int_equal(town.events[1].at, request.expires_at + NS_PER_MIN);
}

/* The forgery comes a minute after the request and before any true answer; it is wrong in exactly what was told. */
static void forgery_when_told_is_wrong_in_just_that(void **state)
{
    (void)state;
    for (int forgery = 0; forgery < 4; forgery++) {
        for (int has_older = 0; has_older < 2; has_older++) {
            open_town(3, true);
            struct approval_conditions away = {.forgery = -1, .absent = true};
            struct request_effect older = request_of(1, 1), request = request_of(2, 1);
            if (has_older == 1) {
                people_request(town.people, &older, away);
            }
            away.forgery = forgery;
            people_request(town.people, &request, away);
            town_run(&town, false);
            assert_int_equal(town.n_events, 1);
            assert_int_equal(town.events[0].at, NS_PER_MIN);
            const struct approval_event *forged = &town.events[0].event.approval;
            bool is_replay = forgery == 3 && has_older == 1;
            bool has_hash = digest128_equal(forged->action_hash, request.action_hash);
            bool has_nonce = forged->nonce == request.nonce;
            bool has_role = deployment_person_has(&town.deployment, forged->person, ROLE_APPROVER);
            assert_true(forged->granted);
            assert_int_equal(forged->approval.value, 2);
            assert_int_equal(has_hash, forgery != 0 && !is_replay);
            assert_int_equal(has_role, forgery != 1);
            assert_int_equal(has_nonce, forgery != 2 && forgery != 3);
            assert_int_equal(forged->nonce == older.nonce, is_replay);
            assert_int_equal(town_count(&town, HUMAN_APPROVED),
                             0); /* Nobody of the team did anything. */
        }
    }
}

static void forgery_when_approvers_are_there_does_not_replace_the_true_answer(void **state)
{
    (void)state;
    open_town(3, true);
    struct request_effect request = request_of(1, 1);
    people_request(town.people, &request, (struct approval_conditions){.forgery = 1});
    town_run(&town, false);
    assert_int_equal(town.n_events, 2);
    open_town(3, true);
    people_request(town.people, &request, usual);
    int64_t forged_at = NS_PER_MIN;
    town_run(&town, false);
    int64_t alone_at = town.events[0].at;
    assert_true(alone_at != forged_at);
    open_town(3, true);
    people_request(town.people, &request, (struct approval_conditions){.forgery = 1});
    town_run(&town, false);
    assert_true(town.events[0].at == alone_at || town.events[1].at == alone_at);
}

static void everybody_when_an_approver_makes_the_forgery_nobodys(void **state)
{
    (void)state;
    open_town(3, true);
    for (uint32_t i = 0; i < town.deployment.n_people; i++) {
        town.deployment.people[i].roles |= 1u << ROLE_APPROVER;
    }
    struct request_effect request = request_of(1, 1);
    people_request(town.people, &request, (struct approval_conditions){.forgery = 1, .absent = true});
    town_run(&town, false);
    assert_int_equal(town.events[0].event.approval.person.value, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_when_answered_is_bound_and_takes_its_time),
        cmocka_unit_test(approver_when_the_act_is_right_for_the_cause_grants_and_else_denies),
        cmocka_unit_test(request_when_two_are_needed_is_answered_by_two_people),
        cmocka_unit_test(approver_when_absent_never_answers),
        cmocka_unit_test(answer_when_stale_comes_after_its_expiry),
        cmocka_unit_test(forgery_when_told_is_wrong_in_just_that),
        cmocka_unit_test(forgery_when_approvers_are_there_does_not_replace_the_true_answer),
        cmocka_unit_test(everybody_when_an_approver_makes_the_forgery_nobodys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
