/* SPDX-License-Identifier: Apache-2.0 */
/* The one loop: an event is on record before the step, its effects before they are carried out, and a failure stops in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/host.h"

enum { EVENTS = 3 };

/* A world and a recorder that write down who was called, and fail at the n-th call when told to. */
struct host {
    char calls[64];
    size_t n_calls;
    uint64_t sequence;
    size_t fails_at; /* 1-based; 0: never. */
};

static enum err called(struct host *host, char who)
{
    host->calls[host->n_calls++] = who;
    return host->n_calls == host->fails_at ? ERR_IO : OK;
}

static enum err next(void *self, struct event *ret_event, bool *ret_more)
{
    struct host *host = self;
    memset(ret_event, 0, sizeof(*ret_event));
    ret_event->kind = host->sequence == 0 ? EVENT_START : EVENT_TICK;
    ret_event->at = (int64_t)host->sequence * NS_PER_S;
    *ret_more = host->sequence < EVENTS;
    ret_event->sequence = ++host->sequence;
    return called(host, 'n');
}

static enum err apply(void *self, const struct effects *effects)
{
    (void)effects;
    return called(self, 'a');
}

static enum err put_event(void *self, const struct event *event)
{
    (void)event;
    return called(self, 'e');
}

static enum err put_effects(void *self, const struct event *event, const struct advice *advice,
                            const struct effects *effects)
{
    (void)event, (void)advice, (void)effects;
    return called(self, 'f');
}

static enum err run(struct host *host)
{
    struct settings *settings = calloc(1, sizeof(*settings));
    struct loop *loop = calloc(1, sizeof(*loop));
    void *block = aligned_alloc(16, steward_size());
    assert_non_null(settings);
    assert_non_null(loop);
    assert_non_null(block);
    settings->deployment.window_ns = 5 * NS_PER_MIN;
    policy_defaults(&settings->policy.limits);
    struct steward *steward = steward_init(block, settings);
    struct world world = {host, next, apply};
    struct recorder recorder = {host, put_event, put_effects};
    enum err err = loop_run(loop, steward, &world, &recorder);
    free(block);
    free(loop);
    free(settings);
    return err;
}

static void loop_when_nothing_fails_then_records_before_it_acts(void **state)
{
    (void)state;
    struct host host = {0};
    assert_int_equal(run(&host), OK);
    assert_string_equal(host.calls, "nefanefanefan");
}

static void loop_when_a_port_fails_then_goes_no_further(void **state)
{
    (void)state;
    static const char all[] = "nefanefanefan";
    for (size_t fails_at = 1; fails_at < sizeof(all); fails_at++) {
        struct host host = {.fails_at = fails_at};
        assert_int_equal(run(&host), ERR_IO);
        assert_int_equal(host.n_calls, fails_at);
        assert_memory_equal(host.calls, all, fails_at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loop_when_nothing_fails_then_records_before_it_acts),
        cmocka_unit_test(loop_when_a_port_fails_then_goes_no_further),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
