/* SPDX-License-Identifier: Apache-2.0 */
/* Coordinator: the life of an inquiry from symptom to close.
 *
 * Time: an incident has to be contained, watched by rule, closed or in a human's hands five minutes after it opened. Tables get 150 s to
 * decide. After 180 s what nobody has contained is watched, when nothing shows harm or a plan against it is under way and labels show no
 * loss yet, and escalated otherwise. */
#include "core/mind/coordinator.h"

#include <string.h>

#include "core/mind/intake.h"
#include "core/mind/prompt.h"
#include "core/mind/strategist.h"

#define INVESTIGATE_NS (150 * NS_PER_S)
#define HANDLE_NS (180 * NS_PER_S)
#define BRIDGE_NS (20 * NS_PER_MIN)   /* Steps of a plan that take effect one after the other. */
#define OPEN_WAIT_NS (2 * NS_PER_MIN) /* The docket lists an incident at once or not at all. */
#define CLOSE_AGAIN_NS (10 * NS_PER_MIN)
#define WATCH_MAX_NS (12 * NS_PER_HOUR - NS_PER_MIN)
#define WATCH_LEAD_NS (3 * NS_PER_MIN)
#define LATE_WINDOW_NS (5 * NS_PER_MIN)
#define QUIET_NS (30 * NS_PER_MIN)
enum {
    QUESTIONS_MAX = 48, /* Of one incident. */
    QUESTIONS_AT_ONCE = 4,
    PLANS_MAX = 5,
    SCORED_MIN = 500,
    CALM_WINDOWS = 3
};
static const double watch_margin =
    0.08; /* Error beyond the tolerated one that pages although it is watched. */

void coordinator_init(struct coordinator *coordinator, const struct deployment *deployment,
                      const struct policy_limits *limits)
{
    memset(coordinator, 0, sizeof(*coordinator));
    coordinator->deployment = deployment;
    coordinator->limits = limits;
    for (uint32_t i = 0; i < MODELS_MAX; i++) {
        folder_init(&coordinator->folders[i]);
        coordinator->probes[i].due_at = NEVER;
    }
}

/* Inquiries. */

/* Loss that is measured or cannot but follow. A test on the clean set or on decisions alone may be chance: it counts with the change
 * that it would be about. */
static bool shows_harm(const struct signs *signs)
{
    static const enum sign harmful[] = {SIGN_COLUMN_EMPTY, SIGN_NULLS, SIGN_SCALE, SIGN_QUALITY_LOW,
                                        SIGN_OPERATIONS_BAD};
    for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
        if (signs->states[harmful[i]] == SIGN_PRESENT) {
            return true;
        }
    }
    bool worse = signs->states[SIGN_GOLDEN_LOW] == SIGN_PRESENT ||
                 signs->states[SIGN_PREVIOUS_BETTER] == SIGN_PRESENT;
    return (worse && signs->states[SIGN_MODEL_CHANGED] == SIGN_PRESENT) ||
           (signs->states[SIGN_DECISION_STEP] == SIGN_PRESENT &&
            signs->states[SIGN_CONFIG_CHANGED] == SIGN_PRESENT);
}

static void claim(struct inquiry *inquiry, const struct outlook *outlook,
                  const struct diagnosis *diagnosis, enum cause cause, struct advice *advice)
{
    if (inquiry->claimed == cause && cause != CAUSE_UNKNOWN) {
        return;
    }
    inquiry->claimed = cause;
    struct advice_item *item = advice_push(advice, ADVICE_CLAIM);
    item->incident = inquiry->incident;
    item->model = inquiry->model;
    item->cause = cause;
    item->value = diagnosis->posterior[cause];
    strategist_cite(outlook, ~UINT64_C(0), item);
}

static void ask_llm(struct coordinator *coordinator, struct inquiry *inquiry,
                    const struct outlook *outlook, const struct diagnosis *diagnosis,
                    struct advice *advice)
{
    const struct llm_limits *llm = &coordinator->deployment->llm;
    struct hints *hints = &inquiry->hints;
    if (!llm->enabled || llm->calls_per_incident == 0 || hints->asked || inquiry->plan.number > 0 ||
        inquiry->n_questions == 0 || investigator_waits(outlook->folder, outlook->now)) {
        return; /* Once, when the first answers are in and the tables are not decisive. */
    }
    char words[PROMPT_BYTES];
    struct text text;
    text_init(&text, words, sizeof(words));
    prompt_write(&text, outlook->model, diagnosis, outlook->signs);
    hints->asked = true;
    hints->question.value = ++coordinator->question_last;
    hints->deadline = outlook->now + llm->deadline_ns;
    struct advice_item *item = advice_push(advice, ADVICE_ASK_LLM);
    item->incident = inquiry->incident;
    item->model = inquiry->model;
    item->question = hints->question;
    item->prompt = prompt_digest(&text);
    item->cause = diagnosis->leading;
    item->until = hints->deadline;
    strategist_cite(outlook, ~UINT64_C(0), item);
}

static void ask(struct coordinator *coordinator, struct inquiry *inquiry,
                const struct outlook *outlook, uint64_t tools, struct advice *advice)
{
    uint32_t before = coordinator->question_last;
    investigator_ask(outlook->folder, tools & coordinator->deployment->tools, inquiry->model,
                     inquiry->incident, outlook->now, &coordinator->question_last, advice);
    inquiry->n_questions += coordinator->question_last - before;
}

/* An answer of a window before the incident still speaks of it: what it is about began within that window. */
static int64_t answers_since(const struct coordinator *coordinator, const struct inquiry *inquiry)
{
    int64_t window_ns = coordinator->deployment->window_ns;
    return inquiry->opened_at - (window_ns < 5 * NS_PER_MIN ? window_ns : 5 * NS_PER_MIN);
}

/* Asks what is worth most; text is looked at once in any case, because nothing else shows who tampers with the reader. */
static void investigate(struct coordinator *coordinator, struct inquiry *inquiry,
                        const struct outlook *outlook, const struct diagnosis *diagnosis,
                        struct advice *advice)
{
    if (inquiry->n_questions >= QUESTIONS_MAX) {
        return;
    }
    int64_t since = answers_since(coordinator, inquiry);
    struct diagnosis considered;
    investigator_consider(diagnosis, &inquiry->hints, &considered);
    uint64_t tools =
        investigator_choose(&considered, outlook->signs, outlook->folder,
                            coordinator->deployment->tools, since, outlook->now, QUESTIONS_AT_ONCE);
    if (inquiry->looked_at == 0) {
        inquiry->looked_at = outlook->now;
        tools |= UINT64_C(1) << TOOL_LOGS | UINT64_C(1) << TOOL_STATE;
    }
    ask(coordinator, inquiry, outlook, tools, advice);
}

static void watch_until(struct monitor *monitor, struct inquiry *inquiry,
                        const struct outlook *outlook, int64_t length_ns, struct advice *advice)
{
    length_ns = length_ns < WATCH_MAX_NS ? length_ns : WATCH_MAX_NS;
    inquiry->watch_until = outlook->now + length_ns;
    double limit = monitor_tolerated(monitor, inquiry->model) + watch_margin;
    struct advice_item *item = advice_push(advice, ADVICE_WATCH);
    item->incident = inquiry->incident;
    item->model = inquiry->model;
    item->cause = inquiry->plan.cause;
    item->limit = limit < 0.95 ? limit : 0.95;
    item->until = inquiry->watch_until;
    strategist_cite(outlook, ~UINT64_C(0), item);
}

/* Until labels of the rows in question must have come. */
static void watch(struct coordinator *coordinator, struct monitor *monitor, struct inquiry *inquiry,
                  const struct outlook *outlook, struct advice *advice)
{
    bool stands = inquiry->watch_until > outlook->now + WATCH_LEAD_NS &&
                  outlook->entry->state == INCIDENT_WATCHED;
    bool said =
        inquiry->watch_until > outlook->now && outlook->now < inquiry->watch_said_at + NS_PER_MIN;
    if (stands || said) {
        return;
    }
    inquiry->watch_said_at = outlook->now;
    int64_t windows = 4 * coordinator->deployment->window_ns;
    int64_t length = 2 * outlook->model->label_delay_ns + 2 * NS_PER_HOUR;
    watch_until(monitor, inquiry, outlook, length > windows ? length : windows, advice);
}

static void close_incident(struct inquiry *inquiry, const struct outlook *outlook,
                           enum close_reason reason, struct advice *advice)
{
    inquiry->close_at = outlook->now + CLOSE_AGAIN_NS;
    struct advice_item *item = advice_push(advice, ADVICE_CLOSE);
    item->incident = inquiry->incident;
    item->model = inquiry->model;
    item->cause = inquiry->plan.cause;
    item->reason = reason;
    strategist_cite(outlook, ~UINT64_C(0), item);
}

/* Closing by rule: the labels of the rows in question are fine, or what was wrong has gone and nothing else speaks against it. */
static void try_to_close(struct inquiry *inquiry, const struct outlook *outlook, double tolerated,
                         struct advice *advice)
{
    const struct watched_model *watched = outlook->watched;
    const struct plan *plan = &inquiry->plan;
    int64_t rows = inquiry->moved_at > inquiry->onset ? inquiry->moved_at : inquiry->onset;
    struct quality quality = monitor_quality(watched, rows, 2 * SCORED_MIN);
    bool fine = quality.scored >= SCORED_MIN && quality.error <= tolerated && !watched->alarmed;
    bool operational = !watched->failing && !watched->slow && !watched->silent;
    if (outlook->now < inquiry->close_at || !operational || watched->stepped) {
        return;
    }
    bool acted = outlook->entry->action.value != 0;
    bool standing = plan->fallback || plan->disabled != 0 || plan->quarantined.value != 0;
    if (acted || cause_is_harmful(plan->cause)) {
        if (plan->phase != PLAN_DONE || !fine || standing) {
            return;
        }
        if (inquiry->close_at == 0) { /* The metric has to be clear for a while. */
            inquiry->close_at = outlook->now + outlook->clear_ns;
            return;
        }
        close_incident(inquiry, outlook, CLOSE_RESOLVED, advice);
        return;
    }
    bool telemetry = plan->cause == CAUSE_TELEMETRY_FAULT;
    bool gone = watched->n_calm >= CALM_WINDOWS && !watched->alarmed &&
                outlook->signs->states[SIGN_SUSPICIOUS_TEXT] != SIGN_PRESENT &&
                outlook->now - inquiry->opened_at >= outlook->clear_ns;
    if (plan->cause == CAUSE_FEATURE_ACTIVATION) {
        return; /* Harm comes weeks later: closed only once its plan is through. */
    }
    if (fine || (telemetry && !watched->silent) || gone) {
        close_incident(inquiry, outlook, CLOSE_BENIGN, advice);
    }
}

static void finish(struct coordinator *coordinator, struct monitor *monitor,
                   struct inquiry *inquiry, enum incident_state state, int64_t now)
{
    uint32_t i = inquiry->model.value - 1u;
    monitor_accept(monitor, inquiry->model, state == INCIDENT_BENIGN ? inquiry->features : 0);
    if (state == INCIDENT_HANDED_OVER) {
        monitor_forget(monitor, inquiry->model, now);
        coordinator->quiet_until[i] = now + QUIET_NS;
    }
    coordinator->folders[i].suspicious = false;
    *inquiry = (struct inquiry){0};
}

/* A plan of which no step has been taken in earnest may give way to a better diagnosis; one that acts is carried through, because what
 * it changes changes the signs. */
static bool may_replan(const struct inquiry *inquiry, const struct docket_entry *entry)
{
    const struct plan *plan = &inquiry->plan;
    return !cause_is_harmful(plan->cause) && !strategist_is_busy(inquiry, entry) &&
           plan->number < PLANS_MAX && plan->trainings == 0;
}

static void decide(struct coordinator *coordinator, struct inquiry *inquiry,
                   const struct outlook *outlook, const struct diagnosis *diagnosis,
                   struct advice *advice)
{
    struct plan *plan = &inquiry->plan;
    bool half_done =
        outlook->signs->states[SIGN_HALF_DONE] == SIGN_PRESENT && coordinator->reconciling;
    bool waiting = investigator_waits(outlook->folder, outlook->now);
    bool decisive = diagnosis_is_decisive(diagnosis, outlook->signs, waiting);
    enum cause leading = half_done ? CAUSE_HALF_FINISHED_CHANGE : diagnosis->leading;
    bool planned = plan->number > 0;
    if ((decisive || half_done) && (!planned || leading != plan->cause) &&
        (!planned || may_replan(inquiry, outlook->entry))) {
        claim(inquiry, outlook, diagnosis, leading, advice);
        strategist_begin(inquiry, leading, outlook->now);
        return;
    }
    if (planned || outlook->now < inquiry->opened_at + INVESTIGATE_NS) {
        return;
    }
    /* Unknown is an answer. Where nothing shows harm it is watched; labels may yet decide. */
    claim(inquiry, outlook, diagnosis, CAUSE_UNKNOWN, advice);
    strategist_begin(inquiry, CAUSE_UNKNOWN, outlook->now);
    if (!shows_harm(outlook->signs)) {
        plan->phase = PLAN_NONE;
    }
}

static bool is_watchable(const struct inquiry *inquiry, const struct signs *signs)
{
    enum cause cause = inquiry->plan.cause;
    bool loss = signs->states[SIGN_QUALITY_LOW] == SIGN_PRESENT;
    return inquiry->plan.number > 0 && inquiry->paged == 0 && !cause_is_harmful(cause) &&
           cause != CAUSE_ATTACK && !(loss && cause != CAUSE_FEATURE_ACTIVATION);
}

/* Nothing has been done about it in time. */
static void handle_late(struct coordinator *coordinator, struct monitor *monitor,
                        struct inquiry *inquiry, const struct outlook *outlook, struct advice *advice)
{
    const struct docket_entry *entry = outlook->entry;
    const struct plan *plan = &inquiry->plan;
    bool late = outlook->now >= inquiry->opened_at + HANDLE_NS && entry->state == INCIDENT_OPEN &&
                !entry->escalated;
    if (!late || entry->action_state == ACTION_AWAITING) {
        return; /* Of an approver who does not answer the warden takes care. */
    }
    bool loss = outlook->signs->states[SIGN_QUALITY_LOW] == SIGN_PRESENT;
    bool under_way = cause_is_harmful(plan->cause) && plan->tries < 6 && inquiry->watch_until == 0 &&
                     (plan->phase == PLAN_READY || plan->phase == PLAN_PROPOSED);
    if (under_way && !loss && !outlook->halted) {
        int64_t windows = 2 * coordinator->deployment->window_ns + LATE_WINDOW_NS;
        watch_until(monitor, inquiry, outlook, windows > BRIDGE_NS ? windows : BRIDGE_NS, advice);
    } else if (shows_harm(outlook->signs) || cause_is_harmful(plan->cause)) {
        strategist_escalate(inquiry, outlook, ROLE_ONCALL, advice);
    } else {
        watch(coordinator, monitor, inquiry, outlook, advice);
    }
}

/* Text is read again every second window while an incident is watched. */
static int64_t look_again_at(const struct coordinator *coordinator, const struct inquiry *inquiry)
{
    return inquiry->looked_at + 2 * coordinator->deployment->window_ns;
}

static int64_t sooner(int64_t a, int64_t b) { return a < b ? a : b; }

/* When to look again if nothing happens before. */
static int64_t next_look(const struct coordinator *coordinator, const struct inquiry *inquiry,
                         const struct outlook *outlook, int64_t planned)
{
    int64_t now = outlook->now, at = planned;
    int64_t investigated = inquiry->opened_at + INVESTIGATE_NS, late = inquiry->opened_at + HANDLE_NS;
    at = now < investigated ? sooner(at, investigated) : at;
    at = now < late ? sooner(at, late) : at;
    bool waits = inquiry->plan.number == 0 && investigator_waits(outlook->folder, now);
    at = waits ? sooner(at, now + NS_PER_MIN) : at;
    if (outlook->entry->state == INCIDENT_WATCHED) {
        at = sooner(at, inquiry->watch_until - WATCH_LEAD_NS);
        at = sooner(at, look_again_at(coordinator, inquiry));
    }
    return at > now ? at : now + NS_PER_MIN;
}

/* The entry of an inquiry that is open and ours to work on; NULL otherwise. */
static const struct docket_entry *inquiry_entry(struct coordinator *coordinator,
                                                struct monitor *monitor, struct inquiry *inquiry,
                                                const struct docket *docket, int64_t now)
{
    const struct docket_entry *entry = docket_find(docket, inquiry->incident);
    if (entry == NULL) {
        if (inquiry->listed) { /* Its last state was shown while nobody looked. */
            finish(coordinator, monitor, inquiry, INCIDENT_RESOLVED, now);
        } else if (now > inquiry->opened_at + OPEN_WAIT_NS) { /* The warden had no room for it. */
            *inquiry = (struct inquiry){0};
        } else {
            inquiry->wake_at = inquiry->opened_at + OPEN_WAIT_NS + NS_PER_S;
        }
        return NULL;
    }
    inquiry->listed = true;
    inquiry->revision = entry->revision;
    if (incident_is_closed(entry->state)) {
        finish(coordinator, monitor, inquiry, entry->state, now);
        return NULL;
    }
    inquiry->taken = inquiry->taken || entry->taken;
    if (inquiry->taken) { /* REQ S12: what a human did is not undone. */
        inquiry->wake_at = NEVER;
        return NULL;
    }
    return entry;
}

/* Questions, as long as the tables are not sure; text again and again while it is watched. */
static void keep_asking(struct coordinator *coordinator, struct inquiry *inquiry,
                        const struct outlook *outlook, const struct diagnosis *diagnosis,
                        struct advice *advice)
{
    const struct plan *plan = &inquiry->plan;
    bool unsettled = !cause_is_harmful(plan->cause) &&
                     (diagnosis->leading != plan->cause ||
                      !diagnosis_is_decisive(diagnosis, outlook->signs, false));
    if (plan->number == 0 || plan->phase == PLAN_NONE || unsettled) {
        investigate(coordinator, inquiry, outlook, diagnosis, advice);
    } else if (outlook->entry->state == INCIDENT_WATCHED &&
               outlook->now >= look_again_at(coordinator, inquiry)) {
        inquiry->looked_at = outlook->now;
        ask(coordinator, inquiry, outlook, UINT64_C(1) << TOOL_LOGS, advice);
    }
}

static void work(struct coordinator *coordinator, struct monitor *monitor, struct inquiry *inquiry,
                 const struct outlook *outlook, const struct diagnosis *diagnosis,
                 struct advice *advice)
{
    const struct docket_entry *entry = outlook->entry;
    bool loss = outlook->signs->states[SIGN_QUALITY_LOW] == SIGN_PRESENT;
    inquiry->loss = inquiry->loss || loss;
    inquiry->hypothesis = investigator_hypothesis(diagnosis, &inquiry->hints);
    decide(coordinator, inquiry, outlook, diagnosis, advice);
    ask_llm(coordinator, inquiry, outlook, diagnosis, advice);
    keep_asking(coordinator, inquiry, outlook, diagnosis, advice);
    if (outlook->signs->states[SIGN_SUSPICIOUS_TEXT] == SIGN_PRESENT) {
        strategist_escalate(inquiry, outlook, ROLE_SECURITY, advice);
    }
    int64_t planned = strategist_step(inquiry, outlook, advice);
    if (inquiry->moved_at > 0) {
        monitor_forget(monitor, inquiry->model, inquiry->moved_at);
    }
    bool waits = entry->state == INCIDENT_OPEN || entry->state == INCIDENT_WATCHED;
    if (waits && is_watchable(inquiry, outlook->signs) && !strategist_is_busy(inquiry, entry)) {
        watch(coordinator, monitor, inquiry, outlook, advice);
    }
    handle_late(coordinator, monitor, inquiry, outlook, advice);
    try_to_close(inquiry, outlook, monitor_tolerated(monitor, inquiry->model), advice);
    inquiry->wake_at = next_look(coordinator, inquiry, outlook, planned);
}

static void inquiry_step(struct coordinator *coordinator, struct monitor *monitor,
                         struct inquiry *inquiry, const struct docket *docket, int64_t now,
                         struct advice *advice)
{
    const struct docket_entry *entry = inquiry_entry(coordinator, monitor, inquiry, docket, now);
    if (entry == NULL) {
        return;
    }
    uint32_t i = inquiry->model.value - 1u;
    const struct watched_model *watched = monitor_model(monitor, inquiry->model);
    const struct model_entry *model = &coordinator->deployment->models[i];
    struct question_frame frame = {.model = model,
                                   .tolerated = monitor_tolerated(monitor, inquiry->model),
                                   .onset = inquiry->onset,
                                   .since = answers_since(coordinator, inquiry),
                                   .declared = intake_is_declared(coordinator, inquiry->model, now)};
    struct signs signs;
    struct diagnosis diagnosis;
    investigator_read(&coordinator->folders[i], watched, &frame, &signs);
    diagnosis_update(&diagnosis, &signs);
    struct outlook outlook = {.deployment = coordinator->deployment,
                              .model = model,
                              .entry = entry,
                              .halted = docket->halted,
                              .watched = watched,
                              .folder = &coordinator->folders[i],
                              .signs = &signs,
                              .now = now,
                              .clear_ns = coordinator->limits->clear_ns,
                              .frozen_until = intake_frozen_until(coordinator, inquiry->model, now),
                              .question = &coordinator->question_last};
    work(coordinator, monitor, inquiry, &outlook, &diagnosis, advice);
}

static bool is_due(const struct inquiry *inquiry, const struct docket *docket,
                   const struct event *event)
{
    if (event->at >= inquiry->wake_at) {
        return true;
    }
    if (event->kind == EVENT_WINDOW && event->window.model.value == inquiry->model.value) {
        return true;
    }
    const struct docket_entry *entry = docket_find(docket, inquiry->incident);
    bool listed = entry != NULL;
    return listed != inquiry->listed || (listed && entry->revision != inquiry->revision);
}

void coordinator_step(struct coordinator *coordinator, struct monitor *monitor,
                      const struct event *event, const struct docket *docket, struct advice *advice)
{
    intake_event(coordinator, monitor, event, docket, advice);
    for (uint32_t i = 0; i < coordinator->deployment->n_models; i++) {
        struct inquiry *inquiry = &coordinator->inquiries[i];
        intake_probe(coordinator, i, event->at, advice);
        if (inquiry->incident.value != 0 && is_due(inquiry, docket, event)) {
            inquiry_step(coordinator, monitor, inquiry, docket, event->at, advice);
        }
        if (inquiry->incident.value != 0) {
            advice->wake_at = sooner(advice->wake_at, inquiry->wake_at);
        }
        advice->wake_at = sooner(advice->wake_at, coordinator->probes[i].due_at);
    }
}

static void plan_visit(struct visit *visit, struct plan *plan)
{
    visit_begin(visit, "plan", -1);
    VISIT_ENUM(visit, plan, cause, N_CAUSES);
    visit_u16(visit, "number", &plan->number);
    visit_u8(visit, "step", &plan->step);
    VISIT_ENUM(visit, plan, phase, N_PLAN_PHASES);
    visit_u8(visit, "tries", &plan->tries);
    visit_u8(visit, "trainings", &plan->trainings);
    visit_u16(visit, "used", &plan->used.value);
    visit_i64(visit, "ready_at", &plan->ready_at);
    visit_i64(visit, "retry_at", &plan->retry_at);
    visit_i64(visit, "proposed_at", &plan->proposed_at);
    visit_u32(visit, "refused_seen", &plan->refused_seen);
    visit_u32(visit, "action_seen", &plan->action_seen.value);
    action_args_visit(visit, "args", &plan->args);
    visit_u8(visit, "resume", &plan->resume);
    visit_u8(visit, "stopgaps", &plan->stopgaps);
    visit_bool(visit, "frozen", &plan->frozen);
    visit_bool(visit, "overtaken", &plan->overtaken);
    visit_bool(visit, "fallback", &plan->fallback);
    visit_u32(visit, "disabled", &plan->disabled);
    visit_u16(visit, "quarantined", &plan->quarantined.value);
    visit_end(visit);
}

static void inquiry_visit(struct visit *visit, struct inquiry *inquiry)
{
    visit_u32(visit, "incident", &inquiry->incident.value);
    visit_u16(visit, "model", &inquiry->model.value);
    visit_i64(visit, "opened_at", &inquiry->opened_at);
    visit_i64(visit, "onset", &inquiry->onset);
    visit_u32(visit, "symptoms", &inquiry->symptoms);
    visit_u32(visit, "features", &inquiry->features);
    for (uint32_t i = 0; i < N_SYMPTOMS; i++) {
        visit_u32(visit, "said", &inquiry->said[i]);
    }
    visit_bool(visit, "listed", &inquiry->listed);
    visit_bool(visit, "taken", &inquiry->taken);
    visit_bool(visit, "training_failed", &inquiry->training_failed);
    visit_bool(visit, "loss", &inquiry->loss);
    visit_u32(visit, "paged", &inquiry->paged);
    visit_u32(visit, "notified", &inquiry->notified);
    VISIT_ENUM(visit, inquiry, claimed, N_CAUSES);
    VISIT_ENUM(visit, inquiry, hypothesis, N_CAUSES);
    visit_u32(visit, "n_questions", &inquiry->n_questions);
    visit_u32(visit, "hinted", &inquiry->hints.causes);
    visit_bool(visit, "asked", &inquiry->hints.asked);
    visit_bool(visit, "answered", &inquiry->hints.answered);
    visit_u32(visit, "question", &inquiry->hints.question.value);
    visit_i64(visit, "deadline", &inquiry->hints.deadline);
    visit_i64(visit, "looked_at", &inquiry->looked_at);
    visit_i64(visit, "watch_until", &inquiry->watch_until);
    visit_i64(visit, "watch_said_at", &inquiry->watch_said_at);
    visit_i64(visit, "close_at", &inquiry->close_at);
    visit_i64(visit, "moved_at", &inquiry->moved_at);
    visit_u32(visit, "revision", &inquiry->revision);
    visit_i64(visit, "wake_at", &inquiry->wake_at);
    plan_visit(visit, &inquiry->plan);
}

void coordinator_visit(struct visit *visit, struct coordinator *coordinator)
{
    visit_begin(visit, "coordinator", -1);
    visit_u32(visit, "incident_last", &coordinator->incident_last);
    visit_u32(visit, "question_last", &coordinator->question_last);
    VISIT_ENUM(visit, coordinator, n_calendar, CALENDAR_MAX + 1);
    for (uint32_t i = 0; i < coordinator->n_calendar; i++) {
        evidence_calendar_visit(visit, "calendar", (int)i, &coordinator->calendar[i]);
    }
    for (uint32_t i = 0; i < coordinator->deployment->n_models; i++) {
        visit_begin(visit, "models", (int)i);
        folder_visit(visit, &coordinator->folders[i]);
        inquiry_visit(visit, &coordinator->inquiries[i]);
        visit_u64(visit, "probe_tools", &coordinator->probes[i].tools);
        visit_i64(visit, "probe_due_at", &coordinator->probes[i].due_at);
        visit_u8(visit, "probe_n_rounds", &coordinator->probes[i].n_rounds);
        visit_u32(visit, "n_bets", &coordinator->n_bets[i]);
        visit_i64(visit, "quiet_until", &coordinator->quiet_until[i]);
        visit_end(visit);
    }
    visit_bool(visit, "reconciling", &coordinator->reconciling);
    visit_end(visit);
}
