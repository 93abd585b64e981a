/* SPDX-License-Identifier: Apache-2.0 */
/* Journals of a hand-made story. */
#include "tests/unit/replay/scribe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "core/formats/codec.h"
#include "core/formats/fingerprint.h"
#include "replay/live_journal.h"

enum { STATE_BYTES = 4 * CODEC_BYTES_MAX };

static void make_deployment(struct deployment *deployment)
{
    (void)snprintf(deployment->name, sizeof(deployment->name), "one");
    deployment->window_ns = 5 * NS_PER_MIN;
    deployment->n_models = deployment->n_tables = 1;
    struct model_entry *model = &deployment->models[0];
    (void)snprintf(model->name, sizeof(model->name), "fraud");
    model->tier = TIER_HIGH;
    model->requests_per_window = 1000;
    model->label_delay_ns = NS_PER_HOUR;
    model->accuracy_floor = 0.8;
    model->availability_floor = 0.99;
    model->n_features = 1;
    model->features[0].table.value = 1;
    model->features[0].importance = 0.5;
    (void)snprintf(model->features[0].name, sizeof(model->features[0].name), "amount");
    (void)snprintf(deployment->tables[0].name, sizeof(deployment->tables[0].name), "payments");
    deployment->tables[0].producer.value = 2;
    static const uint32_t roles[] = {1u << ROLE_ONCALL | 1u << ROLE_OPERATOR,
                                     1u << ROLE_PRODUCER | 1u << ROLE_OWNER, 1u << ROLE_APPROVER};
    deployment->n_people = 3;
    for (uint32_t i = 0; i < 3; i++) {
        (void)snprintf(deployment->people[i].name, sizeof(deployment->people[i].name), "person%u",
                       i + 1);
        deployment->people[i].roles = roles[i];
        deployment->people[i].level = i == 0 ? 1 : 0;
    }
    deployment->tools = (UINT64_C(1) << N_TOOLS) - 1;
    deployment->verbs = (UINT64_C(1) << N_VERBS) - 1;
}

static void make_policy(struct policy *policy)
{
    (void)snprintf(policy->version, sizeof(policy->version), "test-1");
    policy->n_rules = 1;
    policy->rules[0] = (struct policy_rule){.verb = VERB_ROLLBACK,
                                            .tiers = (1u << N_TIERS) - 1,
                                            .needs_all = FACT_BIT(FACT_QUALITY_LOW),
                                            .verdict = VERDICT_AUTO};
    policy_defaults(&policy->limits);
}

struct scribe *scribe_open(void)
{
    struct scribe *scribe = calloc(1, sizeof(*scribe));
    ASSERT(scribe != NULL);
    scribe->block = aligned_alloc(16, steward_size());
    scribe->event = malloc(CODEC_BYTES_MAX);
    scribe->outcome = malloc(CODEC_BYTES_MAX);
    scribe->state = calloc(1, STATE_BYTES);
    ASSERT(scribe->block != NULL);
    ASSERT(scribe->event != NULL);
    ASSERT(scribe->outcome != NULL);
    ASSERT(scribe->state != NULL);
    make_deployment(&scribe->settings.deployment);
    make_policy(&scribe->settings.policy);
    scribe->settings.seed = 4711;
    return scribe;
}

void scribe_close(struct scribe *scribe)
{
    free(scribe->block);
    free(scribe->event);
    free(scribe->outcome);
    free(scribe->state);
    free(scribe);
}

void scribe_path(const char *name, char ret_path[PATH_BYTES])
{
    (void)snprintf(ret_path, PATH_BYTES, "/tmp/steward_%s_%ld.stw", name, (long)getpid());
    (void)unlink(ret_path);
}

bool scribe_is_there(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

bool scribe_is_partial(const char *path)
{
    char partial[PATH_BYTES + 16];
    (void)snprintf(partial, sizeof(partial), "%s.partial", path);
    return scribe_is_there(partial);
}

static void make_window(struct window *window, uint64_t number)
{
    window->model.value = 1;
    window->version.value = 1;
    window->from = (int64_t)(number - 1) * 5 * NS_PER_MIN;
    window->to = (int64_t)number * 5 * NS_PER_MIN;
    window->requests = 1000;
    window->positives = 100;
    window->latency_p95_us = 20000;
    uint32_t moved = number > 20 ? 60 : 0; /* The inputs move away. */
    for (uint32_t i = 0; i < 10; i++) {
        window->bins[0][i] = i < 5 ? 100 - moved : 100 + moved;
        window->score_bins[i] = 100;
    }
    window->labels_scored = 900;
    window->labels_correct = number > 30 ? 700 : 850;
    window->cohort_from = window->from - NS_PER_HOUR;
    window->cohort_to = window->to - NS_PER_HOUR;
}

/* Event number sequence of the story: a start, a profile, windows with a drift, a halt and its reset, a note, ticks. */
static void make_event(uint64_t sequence, struct event *event)
{
    static const char note[] = "a note of whoever made the change";
    memset(event, 0, sizeof(*event));
    event->sequence = sequence;
    event->at = (int64_t)(sequence - 1) * 5 * NS_PER_MIN;
    if (sequence == 1) {
        event->kind = EVENT_START;
    } else if (sequence == 2) {
        event->kind = EVENT_BASELINE;
        event->baseline = (struct baseline){
            .model = {1}, .version = {1}, .rows = 100000, .error = 0.05, .positive_rate = 0.1};
        for (uint32_t i = 0; i < 10; i++) {
            event->baseline.bins_ppm[0][i] = 100000;
        }
    } else if (sequence == 10) {
        event->kind = EVENT_CHANGE;
        event->change.change = (struct change){
            .kind = CHANGE_CONFIG, .at = event->at, .model = {1}, .from = {1}, .to = {2}};
        event->change.note = (struct slice){note, sizeof(note) - 1};
    } else if (sequence == 40 || sequence == 45) {
        event->kind = EVENT_CONTROL;
        event->control = (struct control_event){
            .kind = sequence == 40 ? CONTROL_HALT : CONTROL_RESET, .person = {1}};
    } else if (sequence % 7 == 0) {
        event->kind = EVENT_TICK;
    } else {
        event->kind = EVENT_WINDOW;
        make_window(&event->window, sequence - 1);
    }
}

/* Borrows the scribe's buffers. */
static struct journal_frame make_frame(struct scribe *scribe, struct steward *steward,
                                       uint64_t sequence, struct digest128 *chain)
{
    struct loop *loop = &scribe->loop;
    enum twist twist = sequence == scribe->twisted ? scribe->twist : TWIST_NONE;
    make_event(sequence, &loop->event);
    if (steward != NULL) {
        steward_step(steward, &loop->event, &loop->advice, &loop->effects);
    } else {
        advice_reset(&loop->advice);
        effects_reset(&loop->effects);
    }
    if (twist == TWIST_OUTCOME) {
        effects_record(&loop->effects, RECORD_HALTED)->n = 13;
    } else if (twist == TWIST_TIME) {
        loop->event.at = NS_PER_MIN;
    }
    size_t event_bytes = codec_pack_event(&loop->event, scribe->event, CODEC_BYTES_MAX);
    size_t outcome_bytes =
        codec_pack_outcome(&loop->advice, &loop->effects, scribe->outcome, CODEC_BYTES_MAX);
    ASSERT(event_bytes > 0);
    ASSERT(outcome_bytes > 0);
    outcome_bytes -= twist == TWIST_LENGTH ? 1 : 0;
    *chain = fingerprint_add(*chain, scribe->event, event_bytes, scribe->outcome, outcome_bytes);
    struct journal_frame frame = {.sequence = sequence,
                                  .at = loop->event.at,
                                  .kind = (uint8_t)loop->event.kind,
                                  .event = {(const char *)scribe->event, event_bytes},
                                  .outcome = {(const char *)scribe->outcome, outcome_bytes},
                                  .chain = *chain};
    if (steward != NULL && sequence % SNAPSHOT_EVERY == 0) {
        size_t n_bytes = codec_pack_state(steward, scribe->state, STATE_BYTES);
        ASSERT(n_bytes > 0);
        scribe->state[n_bytes - 1] ^= twist == TWIST_STATE ? 1 : 0;
        n_bytes += scribe->padding;
        n_bytes = scribe->state_max != 0 && n_bytes > scribe->state_max ? scribe->state_max : n_bytes;
        frame.state = (struct slice){(const char *)scribe->state, n_bytes};
    }
    return frame;
}

enum err scribe_run(struct scribe *scribe, struct journal *journal, struct err_text *text)
{
    struct journal_run run = {.arm = scribe->is_manual ? "manual" : "steward",
                              .mind = scribe->is_manual ? "" : mind_name(scribe->settings.mind),
                              .scenario = "hand-made",
                              .seed = scribe->settings.seed,
                              .plan = slice_of("nothing is planned\n"),
                              .settings = &scribe->settings};
    TRY(journal_begin(journal, &run, text));
    struct steward *steward =
        scribe->is_manual ? NULL : steward_init(scribe->block, &scribe->settings);
    struct digest128 chain = fingerprint_begin_run(
        scribe->is_manual ? 2 : 0, (uint8_t)scribe->settings.mind, scribe->settings.seed);
    uint64_t n_frames = scribe->n_frames == 0 ? STORY_FRAMES : scribe->n_frames;
    for (uint64_t sequence = 1; sequence <= n_frames; sequence++) {
        struct journal_frame frame = make_frame(scribe, steward, sequence, &chain);
        TRY(journal_put(journal, &frame, text));
    }
    TRY(journal_put_truth(journal, NS_PER_HOUR, "violation", slice_of("S00: for the test"), text));
    return journal_end(journal, chain, text);
}

enum err scribe_write(struct scribe *scribe, const char *path, uint32_t n_runs, struct err_text *text)
{
    struct journal *journal = NULL;
    TRY(journal_create(path, &journal, text));
    enum err err =
        scribe->secret_key == NULL ? OK : journal_sign(journal, slice_of(scribe->secret_key), text);
    for (uint32_t i = 0; i < n_runs && err == OK; i++) {
        err = scribe_run(scribe, journal, text);
    }
    struct err_text close_text;
    enum err closed = journal_close(journal, err != OK, &close_text);
    if (err == OK && closed != OK) {
        *text = close_text;
    }
    return err == OK ? closed : err;
}

static enum err run_live(struct scribe *scribe, struct live_journal *journal, struct err_text *text)
{
    struct journal_run run = {
        .arm = "steward",
        .mind = mind_name(scribe->settings.mind),
        .scenario = "live",
        .seed = scribe->settings.seed,
        .plan = slice_of("live\nmode: propose\nepoch_unix_ns: 1700000000000000000\n"),
        .settings = &scribe->settings};
    TRY(live_journal_begin(journal, &run, text));
    struct steward *steward = steward_init(scribe->block, &scribe->settings);
    struct digest128 chain =
        fingerprint_begin_run(0, (uint8_t)scribe->settings.mind, scribe->settings.seed);
    uint64_t n_frames = scribe->n_frames == 0 ? STORY_FRAMES : scribe->n_frames;
    for (uint64_t sequence = 1; sequence <= n_frames; sequence++) {
        struct journal_frame frame = make_frame(scribe, steward, sequence, &chain);
        TRY(live_journal_put_frame(journal, &frame, text));
    }
    return OK;
}

enum err scribe_write_live(struct scribe *scribe, const char *path, struct err_text *text)
{
    char queue[PATH_BYTES + 16];
    struct live_journal *journal = NULL;
    (void)snprintf(queue, sizeof(queue), "%s.queue", path);
    TRY(live_journal_open(path, queue, slice_of(scribe->secret_key == NULL ? "" : scribe->secret_key),
                          &journal, text));
    enum err err = run_live(scribe, journal, text);
    struct err_text close_text;
    enum err closed = live_journal_close(journal, err != OK, &close_text);
    if (err == OK && closed != OK) {
        *text = close_text;
    }
    (void)unlink(queue);
    return err == OK ? closed : err;
}
