/* SPDX-License-Identifier: Apache-2.0 */
/* Settling: a run whose settings are others now may have died with changes under way. Before a new run decides anything, the old one is taken up with
 * the settings of its own and the servers of today, halted, so that it does nothing but read back what it began and record what became of it. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/formats/codec.h"
#include "live/host/parts.h"

enum { OPEN_MAX = 64 };

static const char settle_letter[] =
    "settle"; /* Run, and whether it was halted before it was for this. */

/* What the records of a run say at its end. */
struct last_look {
    struct live *live;
    bool halted;
    uint32_t n_open;
    struct action_id open[OPEN_MAX]; /* Intents without an outcome. */
};

static enum err skip_snapshot(void *self, uint64_t sequence, struct slice state)
{
    (void)self;
    (void)sequence;
    (void)state;
    return OK;
}

static void drop_open(struct last_look *look, struct action_id action)
{
    for (uint32_t i = 0; i < look->n_open; i++) {
        if (look->open[i].value == action.value) {
            look->open[i] = look->open[--look->n_open];
            return;
        }
    }
}

static void look_at_record(struct last_look *look, const struct record *record)
{
    bool is_halt = record->kind == RECORD_HALTED, is_reset = record->kind == RECORD_RESET;
    look->halted = (look->halted || is_halt) && !is_reset;
    if (record->kind == RECORD_INTENT || record->kind == RECORD_OUTCOME) {
        drop_open(look, record->action);
    }
    if (record->kind == RECORD_INTENT && look->n_open < OPEN_MAX) {
        look->open[look->n_open++] = record->action;
    }
}

static enum err look_at_frame(void *self, struct slice event, struct slice outcome, bool stepped)
{
    struct last_look *look = self;
    struct loop *loop = &look->live->loop;
    (void)stepped;
    bool is_read = codec_unpack_event((const uint8_t *)event.bytes, event.n_bytes, &loop->event) &&
                   codec_unpack_outcome((const uint8_t *)outcome.bytes, outcome.n_bytes,
                                        &loop->advice, &loop->effects);
    if (!is_read) {
        return ERR_DATA;
    }
    meter_note(&look->live->meter, &loop->event);
    for (uint32_t i = 0; i < loop->effects.n_effects; i++) {
        if (loop->effects.items[i].kind == EFFECT_RECORD) {
            look_at_record(look, &loop->effects.items[i].record);
        }
    }
    return OK;
}

static const char as_before[] = "the run before was halted",
                  not_read_back[] =
                      "a change of the run before could not be read back, so look at the platform first",
                  not_known[] = "whether the run before was halted cannot be read";

/* Why a run that cannot be taken up leaves the new one halted, from its own records: because it was, because a change of it is without an outcome, or
 * because nobody can tell. NULL: it does not. */
static const char *leaves_halted(struct live *live, const struct live_run *run)
{
    struct last_look look = {.live = live};
    struct live_journal_port port = {&look, skip_snapshot, look_at_frame};
    uint64_t sequence = 0;
    int64_t at = 0;
    struct digest128 chain;
    struct err_text text;
    memset(&live->meter, 0, sizeof(live->meter));
    enum err err = live_journal_resume(live->journal, run, &port, &sequence, &at, &chain, &text);
    if (err != OK) {
        live_log(live, LIVE_ERROR, "whether the run before was halted cannot be read: %s", text.text);
    }
    for (uint32_t i = 0; i < look.n_open && err == OK; i++) {
        live_log(
            live, LIVE_ERROR,
            "what became of action %u of run %llu is not known; look at the platform before you resume",
            look.open[i].value, (unsigned long long)run->run);
    }
    /* The halt that was for settling is no reason. */
    bool was_halted = live->settle_letter != 0 ? live->halted_before : look.halted;
    return err != OK ? not_known : look.n_open > 0 ? not_read_back : was_halted ? as_before : NULL;
}

static bool has_open(const struct live *live)
{
    const struct docket *docket = steward_docket(live->steward);
    for (uint32_t i = 0; i < docket->n_entries; i++) {
        enum action_state state = docket->entries[i].action_state;
        if (state == ACTION_INTENDED || state == ACTION_READING) {
            return true;
        }
    }
    return false;
}

/* The servers of today for the models of then, found by their names; nothing that tells or asks anybody else. */
static void face_back(const struct live_config *config, const struct deployment *then,
                      struct live_config *ret_config)
{
    *ret_config = *config;
    ret_config->deployment = *then;
    ret_config->has_hook = ret_config->has_slack = ret_config->has_otlp = ret_config->has_llm = false;
    for (uint32_t i = 0; i < then->n_models; i++) {
        ret_config->registries[i].model[0] = '\0'; /* A model that is no more has no registry. */
        for (uint32_t j = 0; j < config->deployment.n_models; j++) {
            if (strcmp(then->models[i].name, config->deployment.models[j].name) == 0) {
                ret_config->registries[i] = config->registries[j];
                ret_config->queries[i] = config->queries[j];
            }
        }
    }
}

static void face_forward(struct live *live)
{
    calls_forget(live);
    live_config_wipe(live->configs[1]);
    free(live->configs[1]);
    live->configs[1] = NULL;
    live->config_i = 0;
}

static enum err take_up(struct live *live, const struct live_run *run)
{
    TRY(live_journal_settings(live->journal, run, &live->settings, live->text));
    face_back(live->configs[0], &live->settings.deployment, live->configs[1]);
    live->seed = run->seed;
    return record_restore(live, run);
}

/* Kept before the run is halted for it. */
static enum err keep_mark(struct live *live, const struct live_run *run)
{
    char body[48];
    struct digest128 name = {0, 0};
    bool is_duplicate = false;
    (void)snprintf(body, sizeof(body), "%llu %d", (unsigned long long)run->run, live->halted_before);
    randombytes_buf(&name, sizeof(name));
    return live_journal_put_letter(live->journal, settle_letter, name, slice_of(body),
                                   &live->settle_letter, &is_duplicate, live->text);
}

static enum err drop_mark(struct live *live)
{
    uint64_t letter = live->settle_letter;
    live->settle_letter = 0;
    return letter == 0 ? OK : live_journal_letter_done(live->journal, letter, live->text);
}

struct mark_search {
    struct live *live;
    uint64_t run;
};

static enum err take_mark(void *self, uint64_t letter, const char *kind, struct slice body)
{
    struct mark_search *search = self;
    char words[48];
    unsigned long long run = 0;
    int was_halted = 0;
    if (strcmp(kind, settle_letter) != 0) {
        return OK;
    }
    (void)snprintf(words, sizeof(words), "%.*s", (int)body.n_bytes, body.bytes);
    bool is_read = sscanf(words, "%llu %d", &run, &was_halted) == 2;
    if (is_read && run == search->run && search->live->settle_letter == 0) {
        search->live->settle_letter = letter;
        search->live->halted_before = was_halted != 0;
        return OK;
    }
    return live_journal_letter_done(search->live->journal, letter,
                                    search->live->text); /* It is settled. */
}

enum err settle_resume(struct live *live, const struct live_run *run, bool *ret_interrupted)
{
    struct mark_search search = {live, run->run};
    struct live_letter_port port = {&search, take_mark};
    TRY(live_journal_letters(live->journal, &port, live->text));
    *ret_interrupted = live->settle_letter != 0;
    return OK;
}

bool settle_begin(struct live *live, const struct live_run *run, const char **ret_halted)
{
    struct event halt = {.kind = EVENT_CONTROL};
    bool is_again = live->settle_letter != 0;
    halt.control.kind = CONTROL_HALT;
    live->configs[1] = calloc(1, sizeof(*live->configs[1]));
    if (live->configs[1] == NULL) {
        *ret_halted = leaves_halted(live, run);
        return false;
    }
    live->config_i = 1;
    if (take_up(live, run) != OK) {
        live_log(live, LIVE_WARN, "run %llu cannot be taken up: %s", (unsigned long long)run->run,
                 live->text->text);
        face_forward(live);
        *ret_halted = leaves_halted(live, run);
        return false;
    }
    live->halted_before = is_again ? live->halted_before : steward_docket(live->steward)->halted;
    *ret_halted = live->halted_before ? as_before : NULL;
    if (!has_open(live)) {
        face_forward(live);
        return false;
    }
    live->settling = (is_again || keep_mark(live, run) == OK) && queue_put(live, &halt, 0);
    if (!live->settling) {
        *ret_halted = not_read_back;
        face_forward(live);
        return false;
    }
    live->settle_until = live_steady() + SETTLE_NS;
    live_log(live, LIVE_WARN,
             "run %llu was left with changes under way: they are read back before a new run begins",
             (unsigned long long)run->run);
    return true;
}

bool settle_is_over(const struct live *live)
{
    return live->n_queued == 0 && (!has_open(live) || live_steady() >= live->settle_until);
}

enum err settle_end(struct live *live)
{
    bool is_settled = !has_open(live);
    live_log(
        live, is_settled ? LIVE_INFO : LIVE_ERROR,
        is_settled
            ? "every change of the run before has its outcome in the journal"
            : "a change of the run before could not be read back: look at the platform before you resume");
    face_forward(live);
    live->settling = false;
    TRY(record_begin(live, !is_settled ? not_read_back : live->halted_before ? as_before : NULL));
    return drop_mark(live);
}
