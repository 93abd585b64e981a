/* SPDX-License-Identifier: Apache-2.0 */
/* The people around the models: what they are told, how long they take, what they do and how often they are wrong. Every
 * duration is minutes, log-normal (median; sigma), the `typical` team. */
#include "sim/people/people.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "core/base/prng.h"

enum {
    CASES_MAX = 64, /* Incidents that reach a person in one episode; further ones join the last. */
    PAGES_KEPT = 1024, /* Pages of one episode, repeats included; the worst mind caused some 300. */
    REQUESTS_MAX = 64, /* Approval requests of one episode. */
    LEVELS = 4
};

/* Probability and durations of the typical team. */
#define P_PAGE 0.50
#define P_TICKET 0.28
#define P_DASHBOARD 0.14
#define P_MISROUTED 0.20
#define P_TICKET_WAITS 0.35
#define P_NEEDS_APPROVAL 0.35
#define P_WRONG_FIRST_FIX 0.15
#define P_WRONG_ANSWER                                                                             \
    0.15 /* Of an approver: as often as a person's first remedy is the wrong one. */
#define OFF_HOURS_ACK 1.7
#define OFF_HOURS_APPROVAL 2.0
#define PSI_ALERT 0.25

enum people_kind {
    PEOPLE_PAGE_ARRIVES,
    PEOPLE_PAGE_LOST,
    PEOPLE_ACKNOWLEDGE,
    PEOPLE_TAKE,
    PEOPLE_DIAGNOSE,
    PEOPLE_EXECUTE,
    PEOPLE_FINISH_FIX,
    PEOPLE_RESOLVE,
    PEOPLE_FORGE,
    PEOPLE_ANSWER,
    PEOPLE_REPAIR
};

struct page_kept {
    struct page_id page;
    struct incident_id incident;
    struct model_id model;
    struct person_id person;
};

/* One incident in the hands of a person. */
struct person_case {
    struct incident_id incident; /* 0 in the manual arm. */
    struct model_id model;
    struct person_id person;
    bool acknowledged, closed, wrong_first;
    uint32_t n_fixes;
    int64_t since;
};

struct people {
    const struct deployment *deployment;
    const struct plan *plan;
    struct engine *engine;
    struct truth *truth;
    bool manual;
    uint32_t n_pages;
    struct page_kept pages[PAGES_KEPT];
    uint32_t n_requests;
    struct request_effect requests[REQUESTS_MAX];
    uint32_t n_cases;
    struct person_case cases[CASES_MAX];
    bool alerted[MODELS_MAX + 1];
    uint32_t reference_ppm[MODELS_MAX + 1][FEATURES_MAX][BINS];
    int64_t repaired_at[TABLES_MAX + 1]; /* End of the newest repair of a table; 0: none. */
    struct notify_effect repairs[TABLES_MAX + 1]; /* What it was told for. */
};

size_t people_size(void) { return sizeof(struct people); }

/* Draw k of a purpose for a case: a function of its place, so that arms and other cases never shift it. */
static struct stream stream_of(const struct people *people, const char *name, uint64_t index)
{
    struct stream stream;
    stream_init(&stream, people->plan->seed, name, index);
    return stream;
}

static double chance_of(const struct people *people, const char *name, uint64_t index)
{
    struct stream stream = stream_of(people, name, index);
    return stream_unit(&stream);
}

static int64_t minutes_of(const struct people *people, const char *name, uint64_t index,
                          double median, double sigma)
{
    struct stream stream = stream_of(people, name, index);
    return (int64_t)(stream_lognormal(&stream, median, sigma) * 60e3) * NS_PER_MS;
}

static int64_t now_of(const struct people *people) { return engine_now(people->engine); }

/* Factor on a median when the work falls at time at. */
static double off_hours(const struct people *people, int64_t at, double factor)
{
    return plan_is_off_hours(people->plan, at) ? factor : 1.0;
}

static void later(struct people *people, int64_t in_ns, enum people_kind kind, uint32_t number,
                  uint64_t value)
{
    struct occurrence occurrence = {
        .owner = OWNER_PEOPLE, .kind = (uint8_t)kind, .number = number, .value = value};
    (void)engine_at(people->engine, now_of(people) + in_ns,
                    occurrence); /* Beyond the horizon: dropped. */
}

static struct truth_model *model_of(struct people *people, struct model_id model)
{
    ASSERT(model.value >= 1);
    ASSERT(model.value <= people->truth->n_models);
    return &people->truth->models[model.value - 1];
}

static uint32_t case_open(struct people *people, struct incident_id incident, struct model_id model,
                          struct person_id person)
{
    for (uint32_t i = 0; i < people->n_cases; i++) {
        bool is_same = incident.value != 0 && people->cases[i].incident.value == incident.value;
        if (is_same && !people->cases[i].closed) {
            return i;
        }
    }
    uint32_t i = people->n_cases < CASES_MAX ? people->n_cases++ : CASES_MAX - 1;
    people->cases[i] = (struct person_case){
        .incident = incident, .model = model, .person = person, .since = now_of(people)};
    people->cases[i].wrong_first = chance_of(people, "people/wrong_first", i) < P_WRONG_FIRST_FIX;
    return i;
}

/* From being paged at a time to acknowledging, over the levels of the rota (each waits 30 minutes for the one before). */
static int64_t acknowledge_after(const struct people *people, uint64_t index, int64_t paged_at,
                                 bool levels)
{
    double factor = off_hours(people, paged_at, OFF_HOURS_ACK);
    int64_t waited_ns = 0;
    for (uint64_t level = 0; level < LEVELS; level++) {
        int64_t ns =
            minutes_of(people, "people/acknowledge", index * LEVELS + level, 4.0 * factor, 1.0);
        if (ns <= 30 * NS_PER_MIN) {
            return waited_ns + ns;
        }
        if (!levels) {
            return NEVER; /* The agent's escalator calls the next level, not this person. */
        }
        waited_ns += 30 * NS_PER_MIN;
    }
    return waited_ns;
}

static int64_t investigate_ns(const struct people *people, uint32_t case_i, uint32_t round)
{
    uint64_t index = (uint64_t)case_i * 8 + round;
    int64_t ns = minutes_of(people, "people/investigate", index, 30.0, 1.0) +
                 minutes_of(people, "people/decide", index, 6.0, 0.8);
    if (round == 0) {
        ns += minutes_of(people, "people/triage", index, 10.0, 0.8);
        if (chance_of(people, "people/misrouted", index) < P_MISROUTED) {
            ns += minutes_of(people, "people/rerouted", index, 30.0, 0.9);
        }
    }
    return ns;
}

/* Manual arm: how people come to know. */

static bool is_noticed_by_itself(enum plan_kind kind)
{
    return plan_kind_is_fault(kind) && kind != PLAN_INJECTED_TEXT && kind != PLAN_CRASH;
}

/* From a fault or a false alarm at from to the moment it reaches somebody; NEVER: it does not. */
static int64_t noticed_after(const struct people *people, uint64_t index, int64_t from, bool is_fault)
{
    double channel = chance_of(people, "people/channel", index);
    if (channel < P_PAGE) {
        return minutes_of(people, "people/page_delay", index, 10.0, 0.8);
    }
    if (channel < P_PAGE + P_TICKET) {
        int64_t ns = minutes_of(people, "people/ticket_delay", index, 70.0, 1.0);
        bool waits = plan_is_off_hours(people->plan, from + ns) &&
                     chance_of(people, "people/ticket_waits", index) < P_TICKET_WAITS;
        double hours = 14.0 * chance_of(people, "people/ticket_wait", index);
        return waits ? ns + (int64_t)(hours * 3600e3) * NS_PER_MS : ns;
    }
    if (channel < P_PAGE + P_TICKET + P_DASHBOARD) {
        return (int64_t)(24.0 * 3600e3 * chance_of(people, "people/dashboard", index)) * NS_PER_MS;
    }
    return is_fault ? minutes_of(people, "people/report", index, 3.0 * 24.0 * 60.0, 1.0) : NEVER;
}

static void notice(struct people *people, struct model_id model, int64_t from, uint64_t index,
                   bool is_fault)
{
    int64_t ns = noticed_after(people, index, from, is_fault);
    if (ns == NEVER || ns > people->plan->horizon_ns) {
        return;
    }
    struct person_id person = deployment_person(people->deployment, ROLE_ONCALL, 1);
    uint32_t case_i = case_open(people, (struct incident_id){0}, model, person);
    bool is_page = chance_of(people, "people/channel", index) < P_PAGE;
    int64_t ack_ns = is_page ? acknowledge_after(people, index, from + ns, true) : 0;
    later(people, from - now_of(people) + ns + ack_ns, PEOPLE_TAKE, case_i, 0);
    people->alerted[model.value] = true;
}

struct people *people_init(void *block, const struct deployment *deployment, const struct plan *plan,
                           bool manual, struct engine *engine, struct truth *truth)
{
    struct people *people = block;
    memset(people, 0, sizeof(*people));
    people->deployment = deployment;
    people->plan = plan;
    people->engine = engine;
    people->truth = truth;
    people->manual = manual;
    for (uint32_t i = 0; manual && i < plan->n_items; i++) {
        const struct plan_item *item = &plan->items[i];
        if (is_noticed_by_itself(item->kind) && item->model.value != 0) {
            notice(people, item->model, item->at, i, true);
        }
    }
    return people;
}

/* The textbook alert: PSI of a feature above 0.25 against the reference, whatever it means. */
static double psi_of(const uint32_t *counts, const uint32_t *reference_ppm)
{
    double total = 0.0, psi = 0.0;
    for (size_t i = 0; i < BINS; i++) {
        total += (double)counts[i];
    }
    for (size_t i = 0; i < BINS && total > 0.0; i++) {
        double p = ((double)counts[i] + 0.5) / (total + 0.5 * BINS);
        double q = ((double)reference_ppm[i] + 0.5) / (1e6 + 0.5 * BINS);
        psi += (p - q) * d_log(p / q);
    }
    return psi;
}

void people_observe(struct people *people, const struct event *event)
{
    ASSERT(people->manual);
    if (event->kind == EVENT_BASELINE) {
        memcpy(people->reference_ppm[event->baseline.model.value], event->baseline.bins_ppm,
               sizeof(event->baseline.bins_ppm));
        return;
    }
    if (event->kind != EVENT_WINDOW || people->alerted[event->window.model.value]) {
        return;
    }
    struct model_id model = event->window.model;
    const struct model_entry *entry = deployment_model(people->deployment, model);
    for (uint32_t i = 0; i < entry->n_features; i++) {
        if (psi_of(event->window.bins[i], people->reference_ppm[model.value][i]) > PSI_ALERT) {
            people->alerted[model.value] = true;
            notice(people, model, now_of(people), 1000u + model.value, false);
            return;
        }
    }
}

/* What people are sent. */

static int64_t repair_ns(const struct people *people, uint32_t table)
{
    return minutes_of(people, "people/repair", table, 50.0, 0.9);
}

void people_page(struct people *people, const struct page_effect *page, bool channels_down)
{
    if (people->n_pages == PAGES_KEPT) {
        people->n_pages = PAGES_KEPT - 1; /* The last one stands for all further repeats. */
    }
    uint32_t i = people->n_pages++;
    people->pages[i] = (struct page_kept){page->page, page->incident, page->model, page->person};
    int64_t ns = minutes_of(people, "people/delivery", page->page.value, 0.05, 0.5);
    if (ns > 20 * NS_PER_S) {
        ns = 20 * NS_PER_S;
    }
    later(people, channels_down ? 10 * NS_PER_S : ns,
          channels_down ? PEOPLE_PAGE_LOST : PEOPLE_PAGE_ARRIVES, i, 0);
}

/* A producer is at work from the moment it is told, by an agent or by a person; a second word changes nothing until it is done. */
void people_notify(struct people *people, const struct notify_effect *notify)
{
    uint16_t table = notify->table.value;
    truth_human(people->truth, HUMAN_NOTIFIED, now_of(people), notify->person, notify->model,
                notify->incident, NS_PER_MIN);
    bool is_producer = notify->recipient == ROLE_PRODUCER && table != 0 && table <= TABLES_MAX;
    if (is_producer && people->repaired_at[table] <= now_of(people)) {
        int64_t ns = repair_ns(people, table);
        people->repaired_at[table] = now_of(people) + ns;
        people->repairs[table] = *notify;
        later(people, ns, PEOPLE_REPAIR, table, 0);
    }
}

static void repair(struct people *people, uint32_t table, struct person_wish *ret_wish)
{
    const struct notify_effect *told = &people->repairs[table];
    *ret_wish = (struct person_wish){.kind = WISH_REPAIR, .table = told->table};
    truth_human(people->truth, HUMAN_REPAIRED, now_of(people), told->person, told->model,
                told->incident, repair_ns(people, table));
}

void people_request(struct people *people, const struct request_effect *request,
                    struct approval_conditions conditions)
{
    struct person_id approver = deployment_person(people->deployment, ROLE_APPROVER, 0);
    truth_human(people->truth, HUMAN_ASKED, now_of(people), approver, request->args.model,
                request->incident, 0);
    if (people->n_requests == REQUESTS_MAX) {
        return; /* Nobody answers the sixty-fifth request of a day. */
    }
    uint32_t i = people->n_requests++;
    people->requests[i] = *request;
    if (conditions.forgery >= 0) {
        later(people, NS_PER_MIN, PEOPLE_FORGE, i, (uint64_t)conditions.forgery);
    }
    if (conditions.absent) {
        return;
    }
    double factor = off_hours(people, now_of(people), OFF_HOURS_APPROVAL);
    for (uint32_t voice = 0; voice < request->quorum; voice++) {
        int64_t ns =
            minutes_of(people, "people/approve", (uint64_t)i * 4 + voice, 25.0 * factor, 1.1);
        if (conditions.stale) {
            ns = request->expires_at - now_of(people) + NS_PER_MIN;
        }
        later(people, ns, PEOPLE_ANSWER, i, voice);
    }
}

/* What people then do. */

static struct person_id approver_number(const struct people *people, uint64_t voice)
{
    for (uint16_t i = 1; i <= people->deployment->n_people; i++) {
        struct person_id person = {i};
        if (deployment_person_has(people->deployment, person, ROLE_APPROVER) && voice-- == 0) {
            return person;
        }
    }
    return (struct person_id){0};
}

/* Answers the true cause: a verb of a right alternative while a fault is in force, on a target that is fit to serve, or what takes
 * an own measure back and puts half a change right. */
static bool is_right(struct people *people, const struct request_effect *request)
{
    const struct truth_model *model = model_of(people, request->args.model);
    const struct codes *correct = &people->plan->correct;
    bool restores = request->args.release || request->verb == VERB_ABORT_CANARY ||
                    request->verb == VERB_RECONCILE;
    bool is_fit = true, is_answer = false;
    bool names_version = request->verb != VERB_ROLLBACK_CONFIG && request->verb != VERB_RECONCILE;
    for (uint32_t i = 0; names_version && i < model->n_versions; i++) {
        const struct truth_version *version = &model->versions[i];
        bool is_it = version->version.value == request->args.target.value;
        is_fit = is_fit && !(is_it && (version->bad || !version->complete || !version->available));
    }
    for (uint32_t i = 0; i < correct->n_alternatives; i++) {
        for (uint32_t j = 0; j < correct->alternatives[i].n_steps; j++) {
            is_answer =
                is_answer || correct->alternatives[i].steps[j].verb == (uint32_t)request->verb;
        }
    }
    return restores || (model->faulty && is_fit && is_answer);
}

static bool answer_request(struct people *people, uint32_t i, uint64_t voice, struct event *ret_event)
{
    const struct request_effect *request = &people->requests[i];
    struct person_id person = approver_number(people, voice);
    if (person.value == 0) {
        return false;
    }
    bool is_wrong = chance_of(people, "people/grant", (uint64_t)i * 4 + voice) < P_WRONG_ANSWER;
    bool granted = is_right(people, request) != is_wrong;
    truth_human(people->truth, granted ? HUMAN_APPROVED : HUMAN_DENIED, now_of(people), person,
                request->args.model, request->incident, 10 * NS_PER_MIN);
    ret_event->kind = EVENT_APPROVAL;
    ret_event->approval = (struct approval_event){.approval = request->approval,
                                                  .action_hash = request->action_hash,
                                                  .nonce = request->nonce,
                                                  .person = person,
                                                  .granted = granted,
                                                  .issued_at = now_of(people)};
    return true;
}

/* Somebody who may not approve; 0: everybody may. */
static struct person_id outsider(const struct people *people)
{
    for (uint16_t i = 1; i <= people->deployment->n_people; i++) {
        struct person_id person = {i};
        if (!deployment_person_has(people->deployment, person, ROLE_APPROVER)) {
            return person;
        }
    }
    return (struct person_id){0};
}

/* An answer that is not what it claims to be: wrong hash, wrong role, wrong nonce, or hash and nonce of the request before. */
static bool forge_answer(struct people *people, uint32_t i, uint64_t forgery, struct event *ret_event)
{
    const struct request_effect *request = &people->requests[i];
    const struct request_effect *old = &people->requests[i == 0 ? 0 : i - 1];
    struct approval_event approval = {.approval = request->approval,
                                      .action_hash = request->action_hash,
                                      .nonce = request->nonce,
                                      .person = approver_number(people, 0),
                                      .granted = true,
                                      .issued_at = now_of(people)};
    if (forgery == 0) {
        approval.action_hash.lo ^= 1;
    } else if (forgery == 1) {
        approval.person = outsider(people);
    } else if (forgery == 2 || i == 0) {
        approval.nonce ^= UINT64_C(0x5555);
    } else {
        approval.nonce = old->nonce;
        approval.action_hash = old->action_hash;
    }
    ret_event->kind = EVENT_APPROVAL;
    ret_event->approval = approval;
    return true;
}

static const struct truth_version *best_version(const struct truth_model *model)
{
    const struct truth_version *best = NULL;
    for (uint32_t i = 0; i < model->n_versions; i++) {
        const struct truth_version *version = &model->versions[i];
        bool is_usable = version->available && version->complete && !version->bad &&
                         version->version.value != model->serving.value;
        if (is_usable && (best == NULL || version->quality > best->quality)) {
            best = version;
        }
    }
    return best;
}

static struct table_id faulty_table(const struct people *people, struct model_id model)
{
    for (uint32_t i = 0; i < people->plan->n_items; i++) {
        const struct plan_item *item = &people->plan->items[i];
        if (item->model.value == model.value && item->table.value != 0) {
            return item->table;
        }
    }
    return (struct table_id){0};
}

/* The verb a person chooses for the true cause, or the tempting one when wrong. NOOP: there is nothing to do. */
static enum verb fix_for(const struct truth_model *model, bool is_wrong)
{
    switch (model->faulty ? model->cause : CAUSE_UNKNOWN) {
    case CAUSE_BAD_MODEL:
        return is_wrong ? VERB_RETRAIN : VERB_ROLLBACK;
    case CAUSE_BAD_CONFIG:
        return is_wrong ? VERB_ROLLBACK : VERB_ROLLBACK_CONFIG;
    case CAUSE_SCHEMA_CHANGE:
    case CAUSE_UNIT_CHANGE:
        return is_wrong ? VERB_ROLLBACK : VERB_NOTIFY;
    case CAUSE_NULL_BURST:
        return is_wrong ? VERB_ROLLBACK : VERB_FALLBACK;
    case CAUSE_COVARIATE_SHIFT:
    case CAUSE_CONCEPT_SHIFT:
    case CAUSE_FEATURE_ACTIVATION:
        return is_wrong ? VERB_ROLLBACK : VERB_RETRAIN;
    case CAUSE_UNKNOWN:
    case CAUSE_STALE_DATA:
    case CAUSE_LABEL_FAULT:
    case CAUSE_BAD_IMAGE:
    case CAUSE_CAPACITY:
    case CAUSE_ATTACK:
    case CAUSE_BENIGN_CALENDAR:
    case CAUSE_BENIGN_DRIFT:
    case CAUSE_TELEMETRY_FAULT:
    case CAUSE_HALF_FINISHED_CHANGE:
    case N_CAUSES:
        return is_wrong && model->faulty ? VERB_ROLLBACK : VERB_NOOP;
    }
    return VERB_NOOP;
}

static int64_t execute_ns(const struct people *people, uint32_t case_i, enum verb verb)
{
    double median = verb == VERB_RETRAIN ? 110.0 : 12.0;
    return minutes_of(people, "people/execute",
                      (uint64_t)case_i * 8 + people->cases[case_i].n_fixes, median, 0.6);
}

static bool take_case(struct people *people, uint32_t case_i, struct event *ret_event)
{
    struct person_case *taken = &people->cases[case_i];
    later(people, investigate_ns(people, case_i, 0), PEOPLE_DIAGNOSE, case_i, 0);
    if (people->manual) {
        truth_human(people->truth, HUMAN_ACKNOWLEDGED, now_of(people), taken->person, taken->model,
                    taken->incident, 2 * NS_PER_MIN);
        taken->since = now_of(people);
        return false;
    }
    ret_event->kind = EVENT_HANDLING;
    ret_event->handling = (struct handling_event){taken->incident, HANDLING_TAKEN, taken->person};
    return true;
}

/* The remedy is the producer's: it is told and waited for, which is no work of this person. */
static void tell_producer(struct people *people, uint32_t case_i)
{
    const struct person_case *taken = &people->cases[case_i];
    struct table_id table = faulty_table(people, taken->model);
    struct notify_effect notify = {.incident = taken->incident,
                                   .model = taken->model,
                                   .table = table,
                                   .recipient = ROLE_PRODUCER,
                                   .person = people->deployment->tables[table.value - 1].producer};
    people_notify(people, &notify);
    later(people, people->repaired_at[table.value] - now_of(people) + NS_PER_MIN, PEOPLE_FINISH_FIX,
          case_i, VERB_NOTIFY);
}

static void diagnose(struct people *people, uint32_t case_i)
{
    struct person_case *taken = &people->cases[case_i];
    truth_human(people->truth, HUMAN_DIAGNOSED, now_of(people), taken->person, taken->model,
                taken->incident, now_of(people) - taken->since);
    taken->since = now_of(people);
    const struct truth_model *model = model_of(people, taken->model);
    bool is_wrong = taken->wrong_first && taken->n_fixes == 0;
    enum verb verb = fix_for(model, is_wrong);
    if (verb == VERB_NOTIFY && faulty_table(people, taken->model).value != 0) {
        tell_producer(people, case_i);
        return;
    }
    if (verb == VERB_NOOP || verb == VERB_NOTIFY) {
        later(people, minutes_of(people, "people/verify", case_i, 10.0, 0.5), PEOPLE_RESOLVE,
              case_i, 0);
        return;
    }
    int64_t wait_ns = 0;
    bool asks =
        people->manual && chance_of(people, "people/needs_approval", case_i) < P_NEEDS_APPROVAL;
    if (asks) {
        double factor = off_hours(people, now_of(people), OFF_HOURS_APPROVAL);
        wait_ns = minutes_of(people, "people/manual_approval", case_i, 25.0 * factor, 1.1);
        truth_human(people->truth, HUMAN_APPROVED, now_of(people), approver_number(people, 0),
                    taken->model, taken->incident, 10 * NS_PER_MIN);
    }
    /* A change takes effect at the end of the work; a training has to be started at its beginning. */
    int64_t work_ns = verb == VERB_RETRAIN ? 0 : execute_ns(people, case_i, verb);
    taken->since += wait_ns; /* Waiting for an approval is not work. */
    later(people, wait_ns + work_ns, PEOPLE_EXECUTE, case_i, (uint64_t)verb);
}

static bool wish_for(struct people *people, struct person_case *taken, enum verb verb,
                     struct person_wish *ret_wish)
{
    const struct truth_model *model = model_of(people, taken->model);
    *ret_wish = (struct person_wish){.kind = WISH_ACT,
                                     .verb = verb,
                                     .person = taken->person,
                                     .incident = taken->incident,
                                     .args = {.model = taken->model}};
    if (verb == VERB_FALLBACK) {
        ret_wish->args.mode = FALLBACK_LAST_GOOD;
        ret_wish->args.ttl_ns = 4 * NS_PER_HOUR;
    }
    if (verb == VERB_RETRAIN) {
        bool is_drift = model->cause != CAUSE_BAD_MODEL && model->faulty_since != NEVER;
        ret_wish->args.window = is_drift ? TRAIN_POST_CHANGE : TRAIN_LAST_N;
        ret_wish->args.to_ns = now_of(people);
        ret_wish->args.from_ns = is_drift ? model->faulty_since : 0;
    }
    if (verb == VERB_ROLLBACK_CONFIG) {
        ret_wish->args.target.value = (uint16_t)(model->config.value - 1);
        return model->config.value > 1;
    }
    if (verb == VERB_ROLLBACK) {
        const struct truth_version *best = best_version(model);
        if (best == NULL) {
            return false;
        }
        ret_wish->args.target = best->version;
        ret_wish->args.subject = best->digest;
    }
    return true;
}

static void execute(struct people *people, uint32_t case_i, enum verb verb,
                    struct person_wish *ret_wish)
{
    struct person_case *taken = &people->cases[case_i];
    bool has_wish = wish_for(people, taken, verb, ret_wish);
    if (!has_wish) {
        ret_wish->kind = WISH_NONE;
    }
    truth_human(people->truth, HUMAN_EXECUTED, now_of(people), taken->person, taken->model,
                taken->incident, now_of(people) - taken->since);
    taken->since = now_of(people);
    int64_t rest_ns = verb == VERB_RETRAIN ? execute_ns(people, case_i, verb) : NS_PER_MIN;
    later(people, rest_ns, PEOPLE_FINISH_FIX, case_i, (uint64_t)verb);
}

/* After a fix: a training is put into service, a wrong fix is noticed and investigated again, a right one verified. */
static void finish_fix(struct people *people, uint32_t case_i, enum verb verb,
                       struct person_wish *ret_wish)
{
    struct person_case *taken = &people->cases[case_i];
    const struct truth_model *model = model_of(people, taken->model);
    bool was_wrong = taken->wrong_first && taken->n_fixes == 0;
    if (verb == VERB_NOTIFY) {
        taken->since = now_of(people); /* The producer worked. */
    }
    if (verb == VERB_RETRAIN) {
        taken->since = now_of(people); /* It ran by itself. */
        const struct truth_version *best = best_version(model);
        bool is_newer = best != NULL && best->version.value > model->serving.value;
        if (is_newer) {
            *ret_wish = (struct person_wish){.kind = WISH_ACT,
                                             .verb = VERB_PROMOTE,
                                             .person = taken->person,
                                             .incident = taken->incident};
            ret_wish->args = (struct action_args){
                .model = taken->model, .target = best->version, .subject = best->digest};
        }
    }
    taken->n_fixes++;
    int64_t verify_ns = minutes_of(people, "people/verify", case_i, 10.0, 0.5);
    if (was_wrong && model->faulty && taken->n_fixes < 4) {
        later(people, verify_ns + investigate_ns(people, case_i, taken->n_fixes), PEOPLE_DIAGNOSE,
              case_i, 0);
        return;
    }
    later(people, verify_ns, PEOPLE_RESOLVE, case_i, 0);
}

static bool resolve(struct people *people, uint32_t case_i, struct event *ret_event)
{
    struct person_case *taken = &people->cases[case_i];
    taken->closed = true;
    truth_human(people->truth, HUMAN_RESOLVED, now_of(people), taken->person, taken->model,
                taken->incident, now_of(people) - taken->since);
    ret_event->kind = EVENT_HANDLING;
    ret_event->handling = (struct handling_event){taken->incident, HANDLING_RESOLVED, taken->person};
    return !people->manual;
}

static bool page_event_of(const struct page_kept *page, enum page_status status,
                          struct event *ret_event)
{
    ret_event->kind = EVENT_PAGE;
    ret_event->page = (struct page_event){page->page, status, page->person};
    return true;
}

static bool page_arrives(struct people *people, uint32_t page_i, struct event *ret_event)
{
    const struct page_kept *page = &people->pages[page_i];
    truth_human(people->truth, HUMAN_PAGED, now_of(people), page->person, page->model,
                page->incident, 0);
    int64_t ns = acknowledge_after(people, 5000u + page->page.value, now_of(people), false);
    if (ns != NEVER) {
        later(people, ns, PEOPLE_ACKNOWLEDGE, page_i, 0);
    }
    return page_event_of(page, PAGE_DELIVERED, ret_event);
}

static bool acknowledge(struct people *people, uint32_t page_i, struct event *ret_event)
{
    const struct page_kept *page = &people->pages[page_i];
    uint32_t case_i = case_open(people, page->incident, page->model, page->person);
    if (people->cases[case_i].acknowledged) {
        return false; /* A colleague was quicker. */
    }
    people->cases[case_i].acknowledged = true;
    truth_human(people->truth, HUMAN_ACKNOWLEDGED, now_of(people), page->person, page->model,
                page->incident, 2 * NS_PER_MIN);
    later(people, NS_PER_MIN, PEOPLE_TAKE, case_i, 0);
    return page_event_of(page, PAGE_ACKNOWLEDGED, ret_event);
}

bool people_step(struct people *people, const struct occurrence *occurrence,
                 struct event *ret_event, struct person_wish *ret_wish)
{
    ret_event->at = now_of(people);
    ret_wish->kind = WISH_NONE;
    uint32_t number = occurrence->number;
    switch ((enum people_kind)occurrence->kind) {
    case PEOPLE_PAGE_ARRIVES:
        return page_arrives(people, number, ret_event);
    case PEOPLE_PAGE_LOST:
        return page_event_of(&people->pages[number], PAGE_UNDELIVERED, ret_event);
    case PEOPLE_ACKNOWLEDGE:
        return acknowledge(people, number, ret_event);
    case PEOPLE_TAKE:
        return take_case(people, number, ret_event);
    case PEOPLE_DIAGNOSE:
        diagnose(people, number);
        return false;
    case PEOPLE_EXECUTE:
        execute(people, number, (enum verb)occurrence->value, ret_wish);
        return false;
    case PEOPLE_FINISH_FIX:
        finish_fix(people, number, (enum verb)occurrence->value, ret_wish);
        return false;
    case PEOPLE_RESOLVE:
        return resolve(people, number, ret_event);
    case PEOPLE_FORGE:
        return forge_answer(people, number, occurrence->value, ret_event);
    case PEOPLE_ANSWER:
        return answer_request(people, number, occurrence->value, ret_event);
    case PEOPLE_REPAIR:
        repair(people, number, ret_wish);
        return false;
    }
    return false;
}
