/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 1: every field of an item within the range of its type; numbers finite. */
#include "core/warden/evidence.h"
#include "core/warden/layers.h"

static bool is_finite(double value)
{
    return value - value == 0.0; /* False for NaN and both infinities. */
}

static bool args_fit(const struct action_args *args)
{
    return (unsigned)args->window < N_TRAIN_WINDOWS && (unsigned)args->mode < N_FALLBACK_MODES &&
           (unsigned)args->recipient < N_ROLES;
}

static bool enums_fit(const struct advice_item *item)
{
    return (unsigned)item->symptom < N_SYMPTOMS && (unsigned)item->tool < N_TOOLS &&
           (unsigned)item->cause < N_CAUSES && (unsigned)item->verb < N_VERBS &&
           (unsigned)item->reason < N_CLOSE_REASONS && args_fit(&item->args);
}

static bool kind_fits(const struct warden *warden, const struct advice_item *item)
{
    bool has_model = evidence_is_model(warden, item->model);
    bool has_incident = item->incident.value != 0;
    bool mind_question = item->question.value != 0 && (item->question.value & QUESTION_WARDEN) == 0;
    switch (item->kind) {
    case ADVICE_NOTE:
        return has_model || item->model.value == 0;
    case ADVICE_OPEN:
        return has_model && has_incident && item->severity >= 1 && item->severity <= 5;
    case ADVICE_ASK:
        return has_model && mind_question;
    case ADVICE_ASK_LLM:
        return has_incident && mind_question;
    case ADVICE_CLAIM:
        return has_incident && item->value >= 0.0 && item->value <= 1.0;
    case ADVICE_PROPOSE:
        return has_model && has_incident && item->plan >= 1;
    case ADVICE_WATCH:
        return has_incident && item->limit > 0.0 && item->limit < 1.0 && item->until > 0;
    case ADVICE_ESCALATE:
        return has_incident && item->severity >= 1 && item->severity <= 5;
    case ADVICE_NOTIFY:
    case ADVICE_CLOSE:
        return has_incident;
    case N_ADVICE_KINDS:
        return false;
    }
    return false;
}

enum refusal layer_1_schema(struct warden *warden, const struct event *event, struct candidate *change)
{
    (void)event; /* Form does not depend on the moment. */
    const struct advice_item *item = &change->item;
    bool fits = (unsigned)item->kind < N_ADVICE_KINDS && item->n_evidence <= EVIDENCE_CITED_MAX &&
                enums_fit(item) && is_finite(item->value) && is_finite(item->limit) &&
                assurance_is_valid(&item->assurance) && kind_fits(warden, item);
    return fits ? REFUSAL_NONE : REFUSAL_MALFORMED;
}
