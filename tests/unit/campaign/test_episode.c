/* SPDX-License-Identifier: Apache-2.0 */
/* One episode as its ports see it: the order of frames, what a dead agent misses and what waits for it, and that watching changes
 * nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/embedded.h"
#include "core/formats/codec.h"
#include "core/formats/deployment.h"
#include "sim/campaign/episode.h"

enum { FRAMES_MAX = 4096 };

struct seen {
    int64_t at;
    enum event_kind kind;
    enum control_kind control;
    bool recovered;
};

/* What the journal port was told. */
struct watch {
    uint64_t n_begun, n_ended, n_frames, fails_at;
    struct digest128 chain;
    struct seen frames[FRAMES_MAX];
};

static struct settings settings;
static struct plan plan;
static struct episode *episode;
static struct watch watch;
static struct event event;
static struct err_text text;

static struct slice file_of(const char *path)
{
    for (size_t i = 0; i < n_embedded_files; i++) {
        if (strcmp(embedded_files[i].path, path) == 0) {
            return (struct slice){(const char *)embedded_files[i].bytes, embedded_files[i].n_bytes};
        }
    }
    fail_msg("%s is not embedded", path);
    return (struct slice){NULL, 0};
}

/* A model made worse by a quarter at two o'clock, on the fleet and under the policy of the demo. */
static int open_episode(void **state)
{
    (void)state;
    memset(&settings, 0, sizeof(settings));
    memset(&watch, 0, sizeof(watch));
    memset(&plan, 0, sizeof(plan));
    enum err err = deployment_parse("fleet", file_of("scenarios/deployments/fleet.yaml"),
                                    &settings.deployment, &text);
    assert_int_equal(err, OK);
    err =
        policy_parse("default", file_of("scenarios/policies/default.yaml"), &settings.policy, &text);
    assert_int_equal(err, OK);
    settings.seed = plan.seed = 12;
    plan.horizon_ns = 6 * NS_PER_HOUR;
    plan.model.value = 1;
    plan.true_incident = true;
    plan.persona = PERSONA_HONEST;
    plan.n_items = 1;
    plan.items[0] = (struct plan_item){
        .kind = PLAN_BAD_MODEL_PUSH, .model = {1}, .at = 2 * NS_PER_HOUR, .until = NEVER, .a = 0.25};
    return episode_open(&episode, &text) != OK;
}

static int close_episode(void **state)
{
    (void)state;
    episode_close(episode);
    return 0;
}

static enum err watch_begin(void *self, const struct run_identity *identity)
{
    struct watch *seen = self;
    seen->n_begun++;
    assert_int_equal(identity->seed, 12);
    return OK;
}

static enum err watch_put(void *self, const struct frame_bytes *frame)
{
    struct watch *seen = self;
    if (++seen->n_frames == seen->fails_at) {
        return ERR_IO;
    }
    assert_true(seen->n_frames <= FRAMES_MAX);
    assert_int_equal(frame->sequence, seen->n_frames);
    assert_true(codec_unpack_event((const uint8_t *)frame->event.bytes, frame->event.n_bytes, &event));
    assert_int_equal(event.sequence, frame->sequence);
    assert_int_equal(event.at, frame->at);
    struct seen *kept = &seen->frames[seen->n_frames - 1];
    *kept = (struct seen){.at = event.at, .kind = event.kind};
    kept->control = event.kind == EVENT_CONTROL ? event.control.kind : CONTROL_CALENDAR;
    kept->recovered = event.kind == EVENT_START && event.start.recovered;
    assert_true(seen->n_frames == 1 || kept->at >= kept[-1].at);
    seen->chain = frame->chain;
    return OK;
}

static enum err watch_end(void *self, const struct run_identity *identity,
                          const struct verdict_sheet *sheet, const struct truth *truth,
                          struct digest128 fingerprint)
{
    struct watch *seen = self;
    (void)identity;
    assert_non_null(truth);
    assert_int_equal(sheet->horizon, 6 * NS_PER_HOUR);
    assert_true(digest128_equal(fingerprint, seen->chain));
    seen->n_ended++;
    return OK;
}

static enum err run(enum arm arm, bool is_watched, struct episode_result *result)
{
    static const struct journal_port no_journal;
    static const struct trace_port no_trace;
    struct journal_port port = {&watch, watch_begin, watch_put, watch_end};
    struct episode_request request = {.arm = arm,
                                      .plan = &plan,
                                      .settings = &settings,
                                      .journal = is_watched ? &port : &no_journal,
                                      .trace = &no_trace};
    memset(result, 0, sizeof(*result));
    watch.n_frames = 0;
    return episode_run(episode, &request, result, &text);
}

static void episode_when_watched_is_the_same_as_alone(void **state)
{
    (void)state;
    for (int arm = 0; arm < N_ARMS; arm++) {
        struct episode_result watched, alone, again;
        assert_int_equal(run((enum arm)arm, true, &watched), OK);
        assert_int_equal(watched.events, watch.n_frames);
        assert_int_equal(run((enum arm)arm, false, &alone), OK);
        assert_int_equal(run((enum arm)arm, false, &again), OK);
        assert_true(digest128_equal(watched.fingerprint, alone.fingerprint));
        assert_true(digest128_equal(alone.fingerprint, again.fingerprint));
        assert_int_equal(alone.events, again.events);
        assert_int_equal(alone.sheet.t_eff, again.sheet.t_eff);
        assert_true(alone.windows > 0);
    }
    assert_int_equal(watch.n_begun, N_ARMS);
    assert_int_equal(watch.n_ended, N_ARMS);
}

static void journal_when_it_fails_ends_the_episode(void **state)
{
    (void)state;
    struct episode_result result;
    watch.fails_at = 100;
    assert_int_equal(run(ARM_STEWARD, true, &result), ERR_IO);
    assert_int_equal(watch.n_frames, 100); /* Nothing goes on without its record. */
    assert_int_equal(watch.n_ended, 0);
    assert_string_equal(text.text, "run 0 (steward, seed 12): I/O error");
}

static void add_item(struct plan_item item)
{
    assert_true(plan.n_items < PLAN_ITEMS_MAX);
    plan.items[plan.n_items++] = item;
}

/* Index of the start after the crash. */
static uint64_t find_restart(void)
{
    for (uint64_t i = 0; i < watch.n_frames; i++) {
        if (watch.frames[i].recovered) {
            return i;
        }
    }
    fail_msg("the agent did not die");
    return 0;
}

static void agent_when_dead_misses_telemetry_and_starts_recovered(void **state)
{
    (void)state;
    enum { DOWN_MIN = 20 };
    for (int after = 0; after < 2; after++) {
        struct episode_result result;
        plan.n_items = 1;
        add_item((struct plan_item){
            .kind = PLAN_CRASH, .at = 0, .until = DOWN_MIN * NS_PER_MIN, .a = 1, .b = after});
        assert_int_equal(run(ARM_STEWARD, true, &result), OK);
        uint64_t i = find_restart();
        int64_t died_at = watch.frames[i].at - DOWN_MIN * NS_PER_MIN;
        assert_true(died_at > 2 * NS_PER_HOUR);
        for (uint64_t j = 0; j < watch.n_frames; j++) {
            bool is_down = watch.frames[j].at > died_at && watch.frames[j].at < watch.frames[i].at;
            assert_false(is_down);
        }
        assert_true(result.sheet.effects > 0);
        assert_int_equal(result.sheet.n_violations, 0);
    }
}

/* A halt and its reset while the agent is down must reach it in that order; heartbeats of that time are gone. */
static void controls_when_the_agent_is_dead_wait_in_their_order(void **state)
{
    (void)state;
    struct episode_result result;
    add_item(
        (struct plan_item){.kind = PLAN_CRASH, .at = 0, .until = 20 * NS_PER_MIN, .a = 1, .b = 1});
    assert_int_equal(run(ARM_STEWARD, true, &result), OK);
    int64_t back_at = watch.frames[find_restart()].at, died_at = back_at - 20 * NS_PER_MIN;
    add_item((struct plan_item){
        .kind = PLAN_HALT, .at = died_at + 5 * NS_PER_MIN, .until = died_at + 9 * NS_PER_MIN});
    add_item((struct plan_item){
        .kind = PLAN_DEAD_MAN, .at = died_at + NS_PER_MIN, .until = back_at + NS_PER_HOUR, .a = 4000});
    add_item((struct plan_item){
        .kind = PLAN_FORGED_RESET, .at = died_at + 7 * NS_PER_MIN, .until = NEVER});
    assert_int_equal(run(ARM_STEWARD, true, &result), OK);
    uint64_t i = find_restart();
    assert_int_equal(watch.frames[i].at, back_at);
    static const enum control_kind expected[] = {CONTROL_ARM, CONTROL_HALT, CONTROL_RESET,
                                                 CONTROL_RESET};
    uint64_t n = 0;
    for (uint64_t j = i + 1; j < watch.n_frames && watch.frames[j].at == back_at; j++) {
        if (watch.frames[j].kind == EVENT_CONTROL && watch.frames[j].control != CONTROL_HEARTBEAT) {
            assert_true(n < 4);
            assert_int_equal(watch.frames[j].control, expected[n++]);
        }
    }
    assert_int_equal(n, 4);
    uint64_t n_beats = 0;
    for (uint64_t j = 0; j < watch.n_frames; j++) {
        bool is_beat =
            watch.frames[j].kind == EVENT_CONTROL && watch.frames[j].control == CONTROL_HEARTBEAT;
        n_beats += is_beat && watch.frames[j].at <= back_at ? 1 : 0;
    }
    assert_true(n_beats <= 1); /* One may fall on the very moment. */
    assert_int_equal(result.sheet.n_violations, 0);
}

#define WITH_EPISODE(test) cmocka_unit_test_setup_teardown(test, open_episode, close_episode)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_EPISODE(episode_when_watched_is_the_same_as_alone),
        WITH_EPISODE(journal_when_it_fails_ends_the_episode),
        WITH_EPISODE(agent_when_dead_misses_telemetry_and_starts_recovered),
        WITH_EPISODE(controls_when_the_agent_is_dead_wait_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
