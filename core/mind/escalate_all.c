/* SPDX-License-Identifier: Apache-2.0 */
/* The mind escalate_all: pages a human at the first textbook symptom of a model and does nothing else. It must fail usefulness. */
#include <string.h>

#include "core/base/assert.h"
#include "core/mind/minds.h"
#include "core/mind/textbook.h"

#define QUIET_NS NS_PER_HOUR /* A symptom that outlives its incident is the same one for so long. */

struct watched {
    struct textbook textbook;
    struct incident_id incident; /* The newest of the model; 0: none yet. */
    bool open;
    int64_t closed_at;
};

struct escalate_all {
    const struct deployment *deployment;
    uint32_t incident_last;
    struct watched models[MODELS_MAX];
};

size_t escalate_all_size(void) { return sizeof(struct escalate_all); }

void escalate_all_init(void *block, const struct deployment *deployment,
                       const struct policy_limits *limits)
{
    (void)limits; /* Nothing here waits for a metric to be clear. */
    struct escalate_all *mind = block;
    memset(mind, 0, sizeof(*mind));
    mind->deployment = deployment;
}

/* The docket is the truth of what is open; an incident that it lacks after its step was refused or is closed. */
static void follow(struct escalate_all *mind, const struct docket *docket, int64_t now)
{
    for (uint32_t i = 0; i < mind->deployment->n_models; i++) {
        struct watched *watched = &mind->models[i];
        const struct docket_entry *entry =
            watched->open ? docket_find(docket, watched->incident) : NULL;
        if (watched->open && (entry == NULL || incident_is_closed(entry->state))) {
            watched->open = false;
            watched->closed_at = now;
        }
    }
}

static void escalate(struct escalate_all *mind, struct watched *watched, const struct event *event,
                     enum symptom symptom, struct advice *advice)
{
    mind->incident_last++;
    watched->incident.value = mind->incident_last;
    watched->open = true;
    struct evidence_id seen = {event->sequence};
    struct advice_item *open = advice_push(advice, ADVICE_OPEN);
    open->incident = watched->incident;
    open->model = event->window.model;
    open->symptom = symptom;
    open->severity = 2;
    advice_cite(open, seen);
    struct advice_item *page = advice_push(advice, ADVICE_ESCALATE);
    page->incident = watched->incident;
    page->model = event->window.model;
    page->severity = 2;
    page->args.recipient = ROLE_ONCALL;
    advice_cite(page, seen);
}

static void look(struct escalate_all *mind, const struct event *event, struct advice *advice)
{
    const struct model_entry *model = deployment_model(mind->deployment, event->window.model);
    if (model == NULL || event->window.role != SERVING_CHAMPION) {
        return;
    }
    struct watched *watched = &mind->models[event->window.model.value - 1];
    bool is_same = watched->incident.value != 0 && event->at - watched->closed_at < QUIET_NS;
    if (watched->open || is_same) {
        return;
    }
    struct textbook_alerts alerts;
    textbook_look(&watched->textbook, model, &event->window, &textbook_limits, &alerts);
    if (alerts.fired == 0) {
        return;
    }
    textbook_note(&alerts, event->window.model, (struct evidence_id){event->sequence}, advice);
    escalate(mind, watched, event, textbook_first(&alerts), advice);
}

void escalate_all_step(void *block, const struct event *event, const struct docket *docket,
                       struct advice *advice)
{
    struct escalate_all *mind = block;
    follow(mind, docket, event->at);
    if (event->kind == EVENT_BASELINE &&
        deployment_model(mind->deployment, event->baseline.model) != NULL) {
        textbook_put(&mind->models[event->baseline.model.value - 1].textbook, &event->baseline);
    }
    if (event->kind == EVENT_WINDOW) {
        look(mind, event, advice);
    }
}

void escalate_all_visit(void *block, struct visit *visit)
{
    struct escalate_all *mind = block;
    visit_u32(visit, "incident_last", &mind->incident_last);
    for (uint32_t i = 0; i < mind->deployment->n_models; i++) {
        struct watched *watched = &mind->models[i];
        visit_begin(visit, "model", (int)i);
        textbook_visit(visit, "textbook", &watched->textbook);
        visit_u32(visit, "incident", &watched->incident.value);
        visit_bool(visit, "open", &watched->open);
        visit_i64(visit, "closed_at", &watched->closed_at);
        visit_end(visit);
    }
}
