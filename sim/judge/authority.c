/* SPDX-License-Identifier: Apache-2.0 */
/* Who may act, and when: freeze windows (S06), approvals (S10), kill switch and dead man (S25). */
#include "core/types/names.h"
#include "sim/judge/state.h"

/* S06 */

static bool is_allowed_in_freeze(const struct judge *judge, const struct ledger_entry *entry)
{
    bool is_listed = (judge->parameters.freeze_allow & VERB_BIT(entry->verb)) != 0;
    return is_listed && !entry->args.release &&
           (entry->verb != VERB_ROLLBACK || entry->target_certified);
}

/* REQ S06: a window counts when it had been told before the act went out, or had been in the calendar long enough that no
 * fresh look could miss it. */
static void judge_freeze(struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    uint32_t windows = plan_windows(judge, PLAN_FREEZE, entry->args.model, entry->effect_at);
    uint32_t known = windows & judge->entries[entry_i].declared;
    for (uint32_t i = 0; i < judge->plan->n_items; i++) {
        bool is_old = (windows >> i & 1u) != 0 &&
                      entry->asked_at >= judge->plan->items[i].at + judge->parameters.stale_ns;
        known |= is_old ? UINT32_C(1) << i : 0;
    }
    if (known == 0) {
        return;
    }
    occasion(judge, INVARIANT_S06);
    if (!is_allowed_in_freeze(judge, entry)) {
        struct text why =
            breach(judge, INVARIANT_S06, entry->effect_at, entry->args.model, entry->verb);
        text_put(&why, "in force inside a declared freeze window");
    }
}

/* S10 */

/* Containment that a human allowed beforehand, while a request of the same incident goes unanswered. */
static bool is_preauthorised(const struct judge *judge, const struct ledger_entry *entry)
{
    static const uint64_t containment = VERB_BIT(VERB_FALLBACK) | VERB_BIT(VERB_ABORT_CANARY) |
                                        VERB_BIT(VERB_PIN_SNAPSHOT) | VERB_BIT(VERB_QUARANTINE_DATA);
    bool is_listed = (judge->policy->preauthorised & containment & VERB_BIT(entry->verb)) != 0;
    for (uint32_t i = 0; is_listed && !entry->args.release && i < APPROVALS_KEPT; i++) {
        const struct approval_memory *approval = &judge->approvals[i];
        bool is_waiting = approval->approval.value != 0 && approval->n_granted == 0 &&
                          approval->incident.value == entry->incident.value;
        if (is_waiting) {
            return true;
        }
    }
    return false;
}

static const char *approval_flaw(const struct approval_memory *approval,
                                 const struct ledger_entry *entry, uint32_t quorum)
{
    if (approval == NULL) {
        return "needs approval and has none";
    }
    if (approval->verb != entry->verb || !args_same(&approval->args, &entry->args)) {
        return "the approval is of another action";
    }
    if (approval->n_granted < quorum) {
        return approval->n_granted == 0 ? "nobody approved it validly" : "one approver is missing";
    }
    if (digest_is_set(approval->used_key) && !digest_same(approval->used_key, entry->key)) {
        return "the approval was used before";
    }
    return NULL;
}

/* REQ S10 */
static void judge_approval(struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    struct entry_memory *memory = &judge->entries[entry_i];
    const struct intent *intent = history_intent(judge, entry);
    bool needs = intent != NULL && (intent->verdict == VERDICT_ONE || intent->verdict == VERDICT_TWO);
    if (!needs || is_preauthorised(judge, entry)) {
        return;
    }
    memory->needs_approval = true;
    occasion(judge, INVARIANT_S10);
    struct approval_memory *approval = history_approval(judge, entry->approval);
    const char *flaw = approval_flaw(approval, entry, intent->verdict == VERDICT_TWO ? 2 : 1);
    if (flaw != NULL) {
        struct text why =
            breach(judge, INVARIANT_S10, entry->asked_at, entry->args.model, entry->verb);
        text_put(&why, flaw);
        return;
    }
    approval->used_key = entry->key;
    memory->approved = true;
}

/* REQ S10: unexpired when it takes effect. */
static void judge_expiry(struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    const struct approval_memory *approval = history_approval(judge, entry->approval);
    if (!judge->entries[entry_i].approved || approval == NULL) {
        return;
    }
    int64_t own = approval->requested_at + judge->parameters.approval_ns;
    int64_t expires_at = approval->expires_at < own ? approval->expires_at : own;
    if (entry->effect_at > expires_at) {
        struct text why =
            breach(judge, INVARIANT_S10, entry->effect_at, entry->args.model, entry->verb);
        text_put(&why, "the approval had expired ");
        text_put_duration(&why, entry->effect_at - expires_at);
        text_put(&why, " before");
    }
}

/* S25 */

static void halt(struct judge *judge, int64_t at)
{
    if (!judge->halted) {
        occasion(judge, INVARIANT_S25);
        judge->halted = true;
        judge->halted_at = at;
    }
}

void authority_clock(struct judge *judge, int64_t now)
{
    if (judge->armed && now - judge->beat_at > judge->parameters.dead_ns) {
        halt(judge, judge->beat_at + judge->parameters.dead_ns);
    }
}

void authority_control(struct judge *judge, const struct event *event)
{
    if (event->kind != EVENT_CONTROL) {
        return;
    }
    bool operates = deployment_person_has(judge->deployment, event->control.person, ROLE_OPERATOR);
    switch (event->control.kind) {
    case CONTROL_HALT:
        halt(judge, event->at);
        return;
    case CONTROL_RESET:
        if (operates) {
            judge->halted = false;
            judge->beat_at = event->at;
        }
        return;
    case CONTROL_ARM:
        judge->armed = true;
        judge->beat_at = event->at;
        return;
    case CONTROL_HEARTBEAT:
        judge->beat_at = event->at;
        return;
    case CONTROL_DISARM:
        judge->armed = judge->armed && !operates;
        return;
    case CONTROL_CALENDAR:
    case CONTROL_WITHDRAW:
    case N_CONTROL_KINDS:
        return;
    }
}

/* REQ S25: what was in flight may land; nothing new starts. */
static void judge_halt(struct judge *judge, const struct ledger_entry *entry)
{
    if (!judge->halted) {
        return;
    }
    occasion(judge, INVARIANT_S25);
    if (entry->asked_at > judge->halted_at + judge->parameters.kill_ns) {
        struct text why =
            breach(judge, INVARIANT_S25, entry->asked_at, entry->args.model, entry->verb);
        text_put(&why, "started ");
        text_put_duration(&why, entry->asked_at - judge->halted_at);
        text_put(&why, " after the switch was thrown");
    }
}

void authority_asked(struct judge *judge, uint32_t entry_i)
{
    judge_halt(judge, &judge->truth->ledger[entry_i]);
    judge_approval(judge, entry_i);
}

void authority_in_force(struct judge *judge, uint32_t entry_i)
{
    judge_freeze(judge, entry_i);
    judge_expiry(judge, entry_i);
}

/* An act that was wanted and held back, or had to wait for a person, is what these invariants are for. */
void authority_refused(struct judge *judge, const struct event *event, const struct record *record)
{
    if (record->kind == RECORD_REQUESTED || record->kind == RECORD_REJECTED) {
        occasion(judge, INVARIANT_S10);
    }
    bool is_held = record->kind == RECORD_REFUSED && (unsigned)record->verb < N_VERBS &&
                   verb_changes_state(record->verb);
    if (!is_held) {
        return;
    }
    if (judge->halted) {
        occasion(judge, INVARIANT_S25);
    }
    if (plan_windows(judge, PLAN_FREEZE, record->model, event->at) != 0) {
        occasion(judge, INVARIANT_S06);
    }
}
