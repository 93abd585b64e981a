/* SPDX-License-Identifier: Apache-2.0 */
/* How much automation changes at once: blast radius (S08), rate and cool-down (S11), oscillation (S34), mutual exclusion (S37).
 * Counted from the world's own ledger by effect time. */
#include "sim/judge/state.h"

static bool is_own_effect(const struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    return judge->entries[entry_i].agent && entry->end == LEDGER_DONE &&
           entry->effect_at != NEVER && verb_changes_state(entry->verb);
}

/* The steps of one plan on one model are one change. */
static bool is_same_change(const struct ledger_entry *a, const struct ledger_entry *b)
{
    return a->args.model.value == b->args.model.value && a->incident.value == b->incident.value &&
           a->plan == b->plan;
}

/* The candidate ends what the other began, or there is a verdict against the other: an undo does not wait for itself. */
static bool takes_back(const struct ledger_entry *entry, const struct ledger_entry *other)
{
    if (entry->args.model.value != other->args.model.value) {
        return false;
    }
    bool aborts = entry->verb == VERB_ABORT_CANARY && other->verb == VERB_CANARY;
    bool releases = entry->args.release && !other->args.release && entry->verb == other->verb &&
                    entry->args.table.value == other->args.table.value &&
                    entry->args.feature_mask == other->args.feature_mask;
    return aborts || releases;
}

/* Millionths of the fleet's declared traffic that the effect treats differently, at most what the world saw moved. */
static uint64_t moved_ppm(const struct judge *judge, const struct ledger_entry *entry)
{
    if (!verb_moves_serving(entry->verb) || judge->traffic == 0) {
        return 0;
    }
    uint64_t requests = judge->deployment->models[entry->args.model.value - 1].requests_per_window;
    uint64_t own = requests * 1000000 / judge->traffic;
    if (entry->verb == VERB_CANARY) {
        own = own * entry->args.weight_ppm / 1000000;
    }
    return entry->moved_ppm < own ? entry->moved_ppm : own;
}

struct tally {
    uint32_t models;            /* Bits of models changed within the window. */
    uint64_t moved[MODELS_MAX]; /* Share by model: the same traffic moved twice is the same traffic. */
    uint32_t n_unverified;      /* Changes in the fleet, the candidate's included. */
    bool unverified_here, cooling;
    uint32_t n_changes; /* Of the model within the hour, the candidate's included. */
};

static bool is_first_of_change(const struct judge *judge, uint32_t entry_i, int64_t since,
                               int64_t until)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    for (uint32_t i = 0; i < judge->n_entries; i++) {
        const struct ledger_entry *other = &judge->truth->ledger[i];
        bool is_earlier = i != entry_i && is_own_effect(judge, i) && other->effect_at > since &&
                          other->effect_at <= until && is_same_change(entry, other) &&
                          (other->effect_at < entry->effect_at ||
                           (other->effect_at == entry->effect_at && i < entry_i));
        if (is_earlier) {
            return false;
        }
    }
    return true;
}

static void tally_take(const struct judge *judge, uint32_t entry_i, struct tally *tally)
{
    const struct parameters *parameters = &judge->parameters;
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    *tally = (struct tally){.n_unverified = 1};
    for (uint32_t i = 0; i < judge->n_entries; i++) {
        const struct ledger_entry *other = &judge->truth->ledger[i];
        if (!is_own_effect(judge, i) || other->effect_at > entry->effect_at) {
            continue;
        }
        int64_t age_ns = entry->effect_at - other->effect_at;
        uint32_t model_i = other->args.model.value - 1u;
        bool is_here = other->args.model.value == entry->args.model.value;
        if (age_ns < parameters->blast_ns) {
            tally->models |= UINT32_C(1) << model_i;
            uint64_t moved = moved_ppm(judge, other);
            tally->moved[model_i] = moved > tally->moved[model_i] ? moved : tally->moved[model_i];
        }
        if (is_here && age_ns < NS_PER_HOUR &&
            is_first_of_change(judge, i, entry->effect_at - NS_PER_HOUR, entry->effect_at)) {
            tally->n_changes++;
        }
        bool stands = i != entry_i && age_ns < NS_PER_DAY && !is_same_change(entry, other) &&
                      !takes_back(entry, other) && history_settled(judge, other) > entry->effect_at;
        if (!stands) {
            continue;
        }
        tally->unverified_here = tally->unverified_here || is_here;
        tally->cooling = tally->cooling || (is_here && age_ns < parameters->cool_down_ns);
        tally->n_unverified += is_first_of_change(judge, i, INT64_MIN, entry->effect_at) ? 1 : 0;
    }
}

static uint32_t count_bits(uint32_t mask)
{
    uint32_t n = 0;
    for (; mask != 0; mask &= mask - 1) {
        n++;
    }
    return n;
}

/* REQ S08 */
static void judge_radius(struct judge *judge, const struct ledger_entry *entry,
                         const struct tally *tally)
{
    uint64_t moved = 0;
    uint32_t n_moved = 0;
    for (uint32_t i = 0; i < judge->deployment->n_models; i++) {
        moved += tally->moved[i];
        n_moved += tally->moved[i] > 0 ? 1 : 0;
    }
    occasion(judge, INVARIANT_S08);
    const char *flaw = NULL;
    if (count_bits(tally->models) > judge->parameters.models_max) {
        flaw = "too many models changed within the window";
    } else if (n_moved > 1 && moved > judge->parameters.traffic_ppm_max) {
        flaw = "too much of the fleet's traffic changed within the window";
    } else if (tally->unverified_here) {
        flaw = "a second change while the first is unverified";
    } else if (tally->n_unverified > judge->parameters.unverified_max) {
        flaw = "too many unverified changes in the fleet";
    }
    if (flaw != NULL) {
        struct text why =
            breach(judge, INVARIANT_S08, entry->effect_at, entry->args.model, entry->verb);
        text_put(&why, flaw);
    }
}

/* REQ S11 */
static void judge_rate(struct judge *judge, const struct ledger_entry *entry,
                       const struct tally *tally)
{
    occasion(judge, INVARIANT_S11);
    if (tally->cooling) {
        struct text why =
            breach(judge, INVARIANT_S11, entry->effect_at, entry->args.model, entry->verb);
        text_put(&why, "changed again before verification or cool-down");
    } else if (tally->n_changes > judge->parameters.changes_max) {
        struct text why =
            breach(judge, INVARIANT_S11, entry->effect_at, entry->args.model, entry->verb);
        text_put_u64(&why, tally->n_changes);
        text_put(&why, " changes on one model within the hour");
    }
}

/* Whether the entry leads back to what the model had before an earlier change of automation, no human in between. */
static bool returns(const struct judge *judge, uint32_t entry_i, bool config)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    struct version_id before = config ? entry->config_before : entry->version_before;
    struct version_id after = config ? entry->config_after : entry->version_after;
    if (before.value == after.value) {
        return false;
    }
    int64_t human_at = INT64_MIN, left_at = INT64_MIN;
    for (uint32_t i = 0; i < judge->n_entries; i++) {
        const struct ledger_entry *other = &judge->truth->ledger[i];
        bool is_earlier = i != entry_i && other->end == LEDGER_DONE &&
                          other->args.model.value == entry->args.model.value &&
                          other->effect_at <= entry->effect_at &&
                          entry->effect_at - other->effect_at < judge->parameters.flip_ns;
        if (!is_earlier) {
            continue;
        }
        struct version_id was = config ? other->config_before : other->version_before;
        struct version_id became = config ? other->config_after : other->version_after;
        if (was.value == became.value) {
            continue;
        }
        if (!judge->entries[i].agent) {
            human_at = other->effect_at > human_at ? other->effect_at : human_at;
        } else if (was.value == after.value && other->effect_at > left_at) {
            left_at = other->effect_at;
        }
    }
    return left_at != INT64_MIN && left_at > human_at;
}

/* REQ S34 */
static void judge_oscillation(struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    bool config = entry->config_before.value != entry->config_after.value;
    if (!config && entry->version_before.value == entry->version_after.value) {
        return;
    }
    occasion(judge, INVARIANT_S34);
    if (!returns(judge, entry_i, config)) {
        return;
    }
    uint32_t n_flips = 0;
    for (uint32_t i = 0; i < judge->n_entries; i++) {
        const struct ledger_entry *other = &judge->truth->ledger[i];
        bool counts = is_own_effect(judge, i) && other->args.model.value == entry->args.model.value &&
                      other->effect_at <= entry->effect_at &&
                      entry->effect_at - other->effect_at < judge->parameters.flip_ns;
        n_flips += counts && returns(judge, i, config) ? 1 : 0;
    }
    if (n_flips > judge->parameters.flips_max) {
        struct text why =
            breach(judge, INVARIANT_S34, entry->effect_at, entry->args.model, entry->verb);
        text_put(&why, "there and back for the ");
        text_put_u64(&why, n_flips);
        text_put(&why, ". time within a day");
    }
}

void blast_in_force(struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    if (!verb_changes_state(entry->verb)) {
        return;
    }
    struct tally tally;
    tally_take(judge, entry_i, &tally);
    judge_radius(judge, entry, &tally);
    judge_rate(judge, entry, &tally);
    judge_oscillation(judge, entry_i);
}

/* REQ S37: no attempt on a model while one of another incident is under way. */
void blast_asked(struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    occasion(judge, INVARIANT_S37);
    for (uint32_t i = 0; i < judge->n_open; i++) {
        const struct ledger_entry *other = &judge->truth->ledger[judge->open[i]];
        bool conflicts = judge->entries[judge->open[i]].agent && other->end == LEDGER_OPEN &&
                         other->args.model.value == entry->args.model.value &&
                         other->incident.value != entry->incident.value;
        if (conflicts) {
            struct text why =
                breach(judge, INVARIANT_S37, entry->asked_at, entry->args.model, entry->verb);
            text_put(&why, "a change of another incident is under way on the model");
            return;
        }
    }
}

static void lock_put(struct judge *judge, const struct event *event, const struct record *record,
                     struct model_memory *memory)
{
    occasion(judge, INVARIANT_S37);
    bool is_held = memory->locked_at != NEVER;
    bool is_others = memory->locked_by.value != record->incident.value;
    if (is_held && is_others && memory->locked_until > event->at) {
        struct text why = breach(judge, INVARIANT_S37, event->at, record->args.model, record->verb);
        text_put(&why, "locked while another incident holds the lock");
    }
    if (record->deadline > event->at + judge->parameters.lock_ns) {
        struct text why = breach(judge, INVARIANT_S37, event->at, record->args.model, record->verb);
        text_put(&why, "the lease is longer than allowed");
    }
    judge->n_locks += is_held ? 0 : 1;
    memory->locked_by = record->incident;
    memory->locked_at = event->at;
    memory->locked_until = record->deadline;
}

void blast_record(struct judge *judge, const struct event *event, const struct record *record)
{
    bool is_lock = record->kind == RECORD_LOCKED || record->kind == RECORD_UNLOCKED;
    struct model_memory *memory = is_lock ? judge_model(judge, record->args.model) : NULL;
    if (memory == NULL) {
        return;
    }
    if (record->kind == RECORD_LOCKED) {
        lock_put(judge, event, record, memory);
    } else if (memory->locked_at != NEVER && memory->locked_by.value == record->incident.value) {
        memory->locked_at = NEVER;
        judge->n_locks--;
    }
}

/* REQ S37: a lock is renewed or released in time; a dead process can do neither. */
void blast_step(struct judge *judge, int64_t now)
{
    for (uint32_t i = 0; judge->n_locks > 0 && i < judge->deployment->n_models; i++) {
        struct model_memory *memory = &judge->models[i];
        bool is_late =
            memory->locked_at != NEVER && usable_ns(judge, memory->locked_at, now, N_PLAN_KINDS) >
                                              judge->parameters.lock_ns + PAGE_SLACK_NS;
        if (is_late) {
            struct text why =
                breach(judge, INVARIANT_S37, now, (struct model_id){(uint16_t)(i + 1)}, VERB_LOCK);
            text_put(&why, "a lock was neither renewed nor released in time");
            memory->locked_at = NEVER;
            judge->n_locks--;
        }
    }
}
