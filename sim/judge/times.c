/* SPDX-License-Identifier: Apache-2.0 */
/* When the fault began, could be seen, was seen and was over. The oracle is Page's cumulative sum of the log likelihood ratio of
 * the true alternative, one false alarm in thirty days of a model: E(run length) >= exp(threshold) (Page 1954; Lorden 1971). */
#include "core/base/dmath.h"
#include "sim/judge/state.h"

double times_alarm(double windows) { return d_log(windows > 2.0 ? windows : 2.0); }

static bool has_begun(const struct judge *judge, int64_t at)
{
    return judge->sheet.t_on != NEVER && at >= judge->sheet.t_on;
}

static bool is_mine(const struct judge *judge, struct model_id model)
{
    return model.value == judge->plan->model.value;
}

static enum plan_kind main_kind(const struct judge *judge)
{
    const struct plan *plan = judge->plan;
    return plan->main_item < plan->n_items ? plan->items[plan->main_item].kind : N_PLAN_KINDS;
}

static void observable(struct judge *judge, int64_t at)
{
    if (judge->sheet.t_obs == NEVER) {
        judge->sheet.t_obs = at;
    }
}

static void detected(struct judge *judge, int64_t at)
{
    if (judge->sheet.t_det == NEVER) {
        judge->sheet.t_det = at;
    }
}

/* What every arm is sent without asking: windows for the sum, and notes of changes where text is the fault. */
void times_event(struct judge *judge, const struct event *event)
{
    if (!judge->sheet.true_incident || !has_begun(judge, event->at)) {
        return;
    }
    bool is_window = event->kind == EVENT_WINDOW && is_mine(judge, event->window.model) &&
                     event->window.role == SERVING_CHAMPION;
    if (is_window && judge->sheet.t_obs == NEVER) {
        double sum = judge->likelihood + judge->pending_llr;
        judge->likelihood = sum > 0.0 ? sum : 0.0;
        judge->pending_llr = 0.0;
        if (judge->likelihood > judge->alarm) {
            observable(judge, event->at);
        }
    }
    bool is_text = event->kind == EVENT_CHANGE && event->change.note.n_bytes > 0;
    if (is_text && main_kind(judge) == PLAN_INJECTED_TEXT) {
        observable(judge, event->at);
    }
}

/* What shows that the arm is aware of trouble. An incident that was open before the fault began is no detection of it; the first
 * decision, act, page or note about it afterwards is. */
static bool is_notice(enum record_kind kind)
{
    return kind == RECORD_OPENED || kind == RECORD_DECIDED || kind == RECORD_INTENT ||
           kind == RECORD_ESCALATED || kind == RECORD_PAGED || kind == RECORD_NOTIFIED;
}

void times_record(struct judge *judge, const struct event *event, const struct record *record)
{
    bool concerns = is_mine(judge, record->model) && has_begun(judge, event->at);
    if (concerns && is_notice(record->kind)) {
        detected(judge, event->at);
    }
}

/* In the manual arm a person at work on it has detected it; in the others a page has to arrive. */
void times_human(struct judge *judge, const struct human_act *act)
{
    bool concerns = is_mine(judge, act->model) && has_begun(judge, act->at);
    if (!concerns) {
        return;
    }
    bool takes_up = act->kind == HUMAN_ACKNOWLEDGED || act->kind == HUMAN_DIAGNOSED;
    if (judge->manual && (takes_up || act->kind == HUMAN_EXECUTED)) {
        detected(judge, act->at);
    }
    if (act->kind == HUMAN_PAGED || takes_up) {
        judge->human_touched = true;
    }
}

bool times_is_outside(const struct judge *judge, struct model_id model)
{
    const struct truth_model *truth = judge_truth(judge, model);
    const struct model_entry *entry = deployment_model(judge->deployment, model);
    if (truth == NULL || entry == NULL) {
        return false;
    }
    bool is_low = truth->quality < entry->accuracy_floor &&
                  truth->quality < truth->healthy_quality - WORSE_MAX;
    return is_low || truth->availability < entry->availability_floor;
}

void times_world(struct judge *judge, int64_t now)
{
    struct verdict_sheet *sheet = &judge->sheet;
    const struct truth_model *model = judge_truth(judge, judge->plan->model);
    if (!sheet->true_incident || model == NULL || !has_begun(judge, now)) {
        return;
    }
    if (model->window_at != judge->window_at) {
        judge->window_at = model->window_at;
        judge->pending_llr = model->window_llr;
    }
    if (times_is_outside(judge, judge->plan->model)) {
        judge->was_harmed = true;
        judge->inside_since = NEVER;
        return;
    }
    judge->inside_since = judge->inside_since == NEVER ? now : judge->inside_since;
    bool is_restored =
        judge->was_harmed && sheet->t_rest == NEVER && now - judge->inside_since >= RESTORE_NS;
    if (is_restored) {
        sheet->t_rest = judge->inside_since;
    }
}

void times_close(struct judge *judge, int64_t now)
{
    struct verdict_sheet *sheet = &judge->sheet;
    bool is_restored = judge->was_harmed && judge->inside_since != NEVER &&
                       now - judge->inside_since >= RESTORE_NS;
    if (sheet->t_rest == NEVER && is_restored) {
        sheet->t_rest = judge->inside_since;
    }
    if (sheet->true_incident && !judge->was_harmed) {
        sheet->t_rest = sheet->t_on; /* The service level was kept throughout. */
    }
    bool is_seen = sheet->t_det != NEVER || judge->human_touched;
    sheet->missed = sheet->true_incident && sheet->t_obs != NEVER && !is_seen;
}
