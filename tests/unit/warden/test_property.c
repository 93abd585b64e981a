/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile advice and hostile events at random: whatever comes, no act leaves without its intent, nothing starts after the switch, the
 * list of effects is never overrun, and the state survives being packed and unpacked. */
#include "tests/unit/warden/story.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/prng.h"
#include "core/formats/codec.h"

enum { SEEDS = 60, STEPS = 600 };

static uint64_t below(struct stream *stream, uint64_t n) { return stream_below(stream, n); }

/* Bytes of a field at random, now and then: minds are not bound to the enums. */
static void scramble(struct stream *stream, void *field, size_t n_bytes)
{
    if (below(stream, 40) != 0) {
        return;
    }
    uint8_t *bytes = field;
    for (size_t i = 0; i < n_bytes; i++) {
        bytes[i] = (uint8_t)stream_u64(stream);
    }
}

static void propose(struct story *story, struct stream *stream, struct advice_item *item)
{
    static const enum verb verbs[] = {VERB_ROLLBACK,  VERB_FALLBACK,        VERB_CANARY,
                                      VERB_PROMOTE,   VERB_QUARANTINE_DATA, VERB_RETRAIN,
                                      VERB_RECONCILE, VERB_ABORT_CANARY,    VERB_HOLD};
    item->verb = below(stream, 8) == 0 ? (enum verb)below(stream, N_VERBS)
                                       : verbs[below(stream, sizeof(verbs) / sizeof(verbs[0]))];
    item->plan = (uint16_t)(1 + below(stream, 3));
    item->args.model = item->model;
    bool names =
        item->verb == VERB_ROLLBACK || item->verb == VERB_CANARY || item->verb == VERB_PROMOTE;
    if (names) {
        item->args.target.value = (uint16_t)(3 + below(stream, 4));
        item->args.subject =
            (struct digest128){UINT64_C(1000) + item->model.value, item->args.target.value};
        item->args.weight_ppm = item->verb == VERB_CANARY ? 200000 : 0;
    }
    if (item->verb == VERB_RECONCILE) {
        item->args.target.value = (uint16_t)(3 + below(stream, 4));
    }
    if (item->verb == VERB_FALLBACK) {
        item->args.ttl_ns = (int64_t)below(stream, 3) * NS_PER_HOUR;
        item->args.release = below(stream, 3) == 0;
    }
    if (item->verb == VERB_QUARANTINE_DATA) {
        item->args.table.value = 1;
        item->args.subject = (struct digest128){21, 22};
        item->args.release = below(stream, 3) == 0;
    }
    if (item->verb == VERB_RETRAIN) {
        item->args.to_ns = story->now - (int64_t)below(stream, 2) * NS_PER_HOUR;
        item->args.from_ns = item->args.to_ns - NS_PER_HOUR;
    }
}

static void say_something(struct story *story, struct stream *stream, uint32_t *incident)
{
    if (below(stream, 4) == 0) { /* Sound evidence, so that something gets through. */
        uint16_t model = (uint16_t)(1 + below(stream, STORY_MODELS));
        for (uint32_t tool = 0; tool < N_TOOLS; tool++) {
            (void)story_answer(story, model, (enum tool)tool);
        }
    }
    uint32_t n = (uint32_t)below(stream, 5);
    for (uint32_t i = 0; i < n; i++) {
        enum advice_kind kind = (enum advice_kind)below(stream, N_ADVICE_KINDS);
        bool opens = kind == ADVICE_OPEN && below(stream, 3) == 0;
        *incident += opens ? 1 : 0;
        uint32_t about = opens || *incident == 0 ? *incident : 1 + (uint32_t)below(stream, *incident);
        struct advice_item *item =
            story_say(story, kind, about, (uint16_t)(1 + below(stream, STORY_MODELS)));
        item->tool = (enum tool)below(stream, N_TOOLS);
        item->question.value = 1 + (uint32_t)below(stream, 1000);
        item->until = story->now + (int64_t)below(stream, 7200) * NS_PER_S;
        item->limit = stream_unit(stream);
        item->value = stream_unit(stream);
        item->reason = (enum close_reason)below(stream, N_CLOSE_REASONS);
        item->args.recipient = kind == ADVICE_PROPOSE ? 0 : (enum role)below(stream, N_ROLES);
        const struct docket_entry *entry = story_entry(story, about);
        item->model = entry != NULL && below(stream, 8) != 0 ? entry->model : item->model;
        if (kind == ADVICE_PROPOSE) {
            propose(story, stream, item);
        }
        for (uint32_t j = 0; j < EVIDENCE_CITED_MAX; j++) {
            uint16_t model =
                item->model.value >= 1 && item->model.value <= STORY_MODELS ? item->model.value : 1;
            struct evidence_id id = story->newest[model - 1][below(stream, N_TOOLS)];
            id.value = below(stream, 90) == 0 ? stream_u64(stream) : id.value;
            advice_cite(item, id);
        }
        scramble(stream, &item->verb, sizeof(item->verb));
        scramble(stream, &item->args.mode, sizeof(item->args.mode));
        scramble(stream, &item->value, sizeof(item->value));
        scramble(stream, &item->n_evidence, sizeof(item->n_evidence));
        scramble(stream, &item->model, sizeof(item->model));
        scramble(stream, &item->args.from_ns, sizeof(item->args.from_ns));
        scramble(stream, &item->kind, sizeof(item->kind));
    }
    story->advice.wake_at = below(stream, 4) == 0 ? story->now - 5 : NEVER;
}

static void something_happens(struct story *story, struct stream *stream)
{
    story->event = (struct event){.kind = EVENT_TICK};
    uint64_t which = below(stream, 40);
    if (which < 20) {
        (void)story_answer(story, (uint16_t)(1 + below(stream, STORY_MODELS)),
                           (enum tool)below(stream, N_TOOLS));
        return;
    }
    struct event *event = &story->event;
    if (which < 24 && story->n_requests > 0) {
        const struct request_effect *request = &story->requests[below(stream, story->n_requests)];
        story_approval(story, request, (uint16_t)below(stream, 9), below(stream, 4) != 0);
        scramble(stream, &event->approval.nonce, sizeof(event->approval.nonce));
    } else if (which < 26 && story->n_acts > 0) {
        const struct act_effect *act = &story->acts[below(stream, story->n_acts)];
        event->kind = EVENT_OUTCOME;
        event->outcome = (struct outcome){
            act->action, act->key, (enum outcome_status)below(stream, N_OUTCOME_STATUSES), {6}};
    } else if (which < 28) {
        event->kind = EVENT_HANDLING;
        event->handling = (struct handling_event){{(uint32_t)below(stream, 12)},
                                                  (enum handling_kind)below(stream, N_HANDLING_KINDS),
                                                  {(uint16_t)below(stream, 9)}};
    } else if (which < 30) {
        event->kind = EVENT_PAGE;
        event->page = (struct page_event){{(uint32_t)below(stream, 20)},
                                          (enum page_status)below(stream, N_PAGE_STATUSES),
                                          {(uint16_t)below(stream, 9)}};
    } else if (which < 32) {
        event->kind = EVENT_CONTROL;
        event->control.kind = below(stream, 2) == 0
                                  ? CONTROL_RESET
                                  : (enum control_kind)below(stream, N_CONTROL_KINDS);
        event->control.person.value = below(stream, 2) == 0 ? OPAL : (uint16_t)below(stream, 9);
        event->control.calendar = (struct calendar_entry){
            CALENDAR_FREEZE, story->now + NS_PER_HOUR, story->now + 2 * NS_PER_HOUR, {0}};
    } else if (which == 32) {
        event->kind = EVENT_START;
        event->start.recovered = true;
    } else if (which == 33) {
        story->fate = (enum story_fate)below(stream, 6);
    } else if (which == 34) {
        struct story_model *model = &story->models[below(stream, STORY_MODELS)];
        model->error = 0.05 + 0.4 * stream_unit(stream);
        model->golden.correct = (uint32_t)below(stream, 1001);
        model->features.features[0].null_ratio = stream_unit(stream);
    } else if (which == 35) {
        story->tools_silent = below(stream, 3) == 0;
    }
    story_step(story);
}

/* Every act of the step has its intent before it, and none leaves once halted. */
static void check_step(const struct story *story)
{
    for (uint32_t i = 0; i < story->effects.n_effects; i++) {
        if (story->effects.items[i].kind != EFFECT_ACT) {
            continue;
        }
        const struct act_effect *act = &story->effects.items[i].act;
        assert_false(warden_docket(story->warden)->halted);
        bool intended = false;
        for (uint32_t j = 0; j < i; j++) {
            const struct effect *effect = &story->effects.items[j];
            bool is_it = effect->kind == EFFECT_RECORD && effect->record.kind == RECORD_INTENT &&
                         effect->record.action.value == act->action.value &&
                         effect->record.key.hi == act->key.hi &&
                         effect->record.key.lo == act->key.lo &&
                         action_hash(effect->record.verb, &effect->record.args).lo ==
                             action_hash(act->verb, &act->args).lo;
            intended = intended || is_it;
        }
        assert_true(intended);
        assert_false(act->args.purge);
    }
    assert_true(story->effects.wake_at >= story->now);
}

static struct digest128 digest_of(struct warden *warden)
{
    struct visit_digest digest;
    visit_digest_init(&digest);
    warden_visit(warden, &digest.visit);
    return visit_digest_close(&digest);
}

static void check_packing(struct story *story, uint8_t *bytes, size_t capacity)
{
    struct packer packer;
    packer_init(&packer, bytes, capacity);
    warden_visit(story->warden, &packer.visit);
    size_t n_bytes = packer_close(&packer);
    assert_true(n_bytes > 0);
    void *block = calloc(1, warden_size());
    assert_non_null(block);
    struct warden *copy =
        warden_init(block, &story->deployment, &story->policy, 7, (struct digest128){5, 6});
    struct unpacker unpacker;
    unpacker_init(&unpacker, bytes, n_bytes);
    warden_visit(copy, &unpacker.visit);
    assert_true(unpacker_is_done(&unpacker));
    /* The copy is the same, and goes on as the original does. */
    struct digest128 own = story_digest(story), other = digest_of(copy);
    assert_memory_equal(&own, &other, sizeof(own));
    static struct effects effects;
    story->now += NS_PER_MIN;
    story_tick(story);
    advice_reset(&story->advice);
    effects_reset(&effects);
    warden_step(copy, &story->event, &story->advice, &effects);
    assert_int_equal(effects.n_effects, story->effects.n_effects);
    assert_int_equal(effects.wake_at, story->effects.wake_at);
    own = story_digest(story);
    other = digest_of(copy);
    assert_memory_equal(&own, &other, sizeof(own));
    free(block);
}

static void hostility_at_random_never_gets_an_act_without_its_intent(void **state)
{
    (void)state;
    static struct story story;
    static uint8_t bytes[2u << 20];
    uint32_t n_acts = 0;
    const char *only = getenv("STEWARD_SEED");
    uint64_t first = only == NULL ? 0 : strtoull(only, NULL, 10);
    uint64_t last = only == NULL ? SEEDS : first + 1;
    for (uint64_t seed = first; seed < last; seed++) {
        printf("STEWARD_SEED=%llu test_warden_property\n", (unsigned long long)seed);
        story_begin(&story);
        story_bad_push(&story, FRAUD);
        story_bad_push(&story, CREDIT);
        struct stream stream;
        stream_init(&stream, seed, "tests/hostility", 0);
        uint32_t incident = 0;
        for (int i = 0; i < STEPS; i++) {
            story.n_records = 0; /* The story is judged step by step. */
            story.n_pages = 0;
            story.n_requests = story.n_requests > STORY_REQUESTS_MAX / 2 ? 0 : story.n_requests;
            n_acts += story.n_acts > STORY_ACTS_MAX / 2 ? story.n_acts : 0;
            story.n_acts = story.n_acts > STORY_ACTS_MAX / 2 ? 0 : story.n_acts;
            story.n_applied = story.n_applied > STORY_ACTS_MAX / 2 ? 0 : story.n_applied;
            say_something(&story, &stream, &incident);
            something_happens(&story, &stream);
            check_step(&story);
            story_run(&story, (int64_t)below(&stream, 200) * NS_PER_S);
        }
        n_acts += story.n_acts;
        check_packing(&story, bytes, sizeof(bytes));
        story_end(&story);
    }
    print_message("%u acts\n", n_acts);
    assert_true(only != NULL || n_acts > SEEDS); /* The hostility gets far enough to mean something. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostility_at_random_never_gets_an_act_without_its_intent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
