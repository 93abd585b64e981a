/* SPDX-License-Identifier: Apache-2.0 */
/* Description of an event for encodings: only the member of its kind. */
#include "core/types/event.h"

#include "core/base/assert.h"

static void start_visit(struct visit *visit, struct start_event *start)
{
    visit_begin(visit, "start", -1);
    visit_bool(visit, "recovered", &start->recovered);
    visit_u32(visit, "incarnation", &start->incarnation);
    visit_end(visit);
}

static void baseline_visit(struct visit *visit, struct baseline *baseline)
{
    visit_begin(visit, "baseline", -1);
    visit_u16(visit, "model", &baseline->model.value);
    visit_u16(visit, "version", &baseline->version.value);
    visit_u32(visit, "rows", &baseline->rows);
    visit_u32s(visit, "bins_ppm", &baseline->bins_ppm[0][0], (size_t)FEATURES_MAX * BINS);
    visit_f64(visit, "error", &baseline->error);
    visit_f64(visit, "positive_rate", &baseline->positive_rate);
    visit_u32(visit, "latency_p95_us", &baseline->latency_p95_us);
    visit_u32(visit, "constant_features", &baseline->constant_features);
    visit_end(visit);
}

static void window_visit(struct visit *visit, struct window *window)
{
    visit_begin(visit, "window", -1);
    visit_u16(visit, "model", &window->model.value);
    visit_u16(visit, "version", &window->version.value);
    VISIT_ENUM(visit, window, role, N_SERVING_ROLES);
    visit_i64(visit, "from", &window->from);
    visit_i64(visit, "to", &window->to);
    visit_u32(visit, "requests", &window->requests);
    visit_u32(visit, "errors", &window->errors);
    visit_u32(visit, "fallbacks", &window->fallbacks);
    visit_u32(visit, "positives", &window->positives);
    visit_u32(visit, "latency_p95_us", &window->latency_p95_us);
    visit_u32s(visit, "bins", &window->bins[0][0], (size_t)FEATURES_MAX * BINS);
    visit_u32s(visit, "score_bins", window->score_bins, SCORE_BINS);
    visit_u32(visit, "labels_scored", &window->labels_scored);
    visit_u32(visit, "labels_correct", &window->labels_correct);
    visit_i64(visit, "cohort_from", &window->cohort_from);
    visit_i64(visit, "cohort_to", &window->cohort_to);
    visit_end(visit);
}

static void outcome_visit(struct visit *visit, struct outcome *outcome)
{
    visit_begin(visit, "outcome", -1);
    visit_u32(visit, "action", &outcome->action.value);
    digest128_visit(visit, "key", &outcome->key);
    VISIT_ENUM(visit, outcome, status, N_OUTCOME_STATUSES);
    visit_u16(visit, "version", &outcome->version.value);
    visit_end(visit);
}

static void approval_visit(struct visit *visit, struct approval_event *approval)
{
    visit_begin(visit, "approval", -1);
    visit_u32(visit, "approval", &approval->approval.value);
    digest128_visit(visit, "action_hash", &approval->action_hash);
    visit_u64(visit, "nonce", &approval->nonce);
    visit_u16(visit, "person", &approval->person.value);
    visit_bool(visit, "granted", &approval->granted);
    visit_i64(visit, "issued_at", &approval->issued_at);
    visit_end(visit);
}

static void page_visit(struct visit *visit, struct page_event *page)
{
    visit_begin(visit, "page", -1);
    visit_u32(visit, "page", &page->page.value);
    VISIT_ENUM(visit, page, status, N_PAGE_STATUSES);
    visit_u16(visit, "person", &page->person.value);
    visit_end(visit);
}

static void change_event_visit(struct visit *visit, struct change_event *change)
{
    visit_begin(visit, "change", -1);
    evidence_change_visit(visit, "entry", -1, &change->change);
    visit_slice(visit, "note", &change->note, TEXT_BYTES_MAX);
    visit_end(visit);
}

static void control_visit(struct visit *visit, struct control_event *control)
{
    visit_begin(visit, "control", -1);
    VISIT_ENUM(visit, control, kind, N_CONTROL_KINDS);
    visit_u16(visit, "person", &control->person.value);
    evidence_calendar_visit(visit, "calendar", -1, &control->calendar);
    visit_end(visit);
}

static void handling_visit(struct visit *visit, struct handling_event *handling)
{
    visit_begin(visit, "handling", -1);
    visit_u32(visit, "incident", &handling->incident.value);
    VISIT_ENUM(visit, handling, kind, N_HANDLING_KINDS);
    visit_u16(visit, "person", &handling->person.value);
    visit_end(visit);
}

void event_visit(struct visit *visit, struct event *event)
{
    visit_u64(visit, "sequence", &event->sequence);
    visit_i64(visit, "at", &event->at);
    VISIT_ENUM(visit, event, kind, N_EVENT_KINDS);
    switch (event->kind) {
    case EVENT_START:
        start_visit(visit, &event->start);
        break;
    case EVENT_TICK:
        break;
    case EVENT_BASELINE:
        baseline_visit(visit, &event->baseline);
        break;
    case EVENT_WINDOW:
        window_visit(visit, &event->window);
        break;
    case EVENT_ANSWER:
        answer_visit(visit, "answer", &event->answer);
        break;
    case EVENT_REPLY:
        reply_event_visit(visit, &event->reply);
        break;
    case EVENT_OUTCOME:
        outcome_visit(visit, &event->outcome);
        break;
    case EVENT_APPROVAL:
        approval_visit(visit, &event->approval);
        break;
    case EVENT_PAGE:
        page_visit(visit, &event->page);
        break;
    case EVENT_CHANGE:
        change_event_visit(visit, &event->change);
        break;
    case EVENT_CONTROL:
        control_visit(visit, &event->control);
        break;
    case EVENT_HANDLING:
        handling_visit(visit, &event->handling);
        break;
    case N_EVENT_KINDS:
        ASSERT(event->kind < N_EVENT_KINDS);
        break;
    }
}
