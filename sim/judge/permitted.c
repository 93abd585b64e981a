/* SPDX-License-Identifier: Apache-2.0 */
/* The set of effects that evidence and policy permit (S35), and what may count as evidence at all (S13): facts and the table are
 * read again by the judge's own code. */
#include "core/types/names.h"
#include "sim/judge/state.h"

/* Facts that are knowledge of the arm's own acts or of immutable records: they do not age. */
#define AGELESS                                                                                    \
    (FACT_BIT(FACT_CANARY_PASSED) | FACT_BIT(FACT_EVALUATED) | FACT_BIT(FACT_TARGET_CERTIFIED) |   \
     FACT_BIT(FACT_HALF_DONE) | FACT_BIT(FACT_LABELS_MATURED) | FACT_BIT(FACT_RESTORES))

/* First rule that fits, NULL: none, which forbids. */
static const struct policy_rule *rule_find(const struct policy *policy, enum verb verb,
                                           enum tier tier, uint64_t facts)
{
    for (uint32_t i = 0; i < policy->n_rules && i < POLICY_RULES_MAX; i++) {
        const struct policy_rule *rule = &policy->rules[i];
        bool concerns = rule->verb == verb && (rule->tiers & (UINT32_C(1) << tier)) != 0;
        bool lacks = (rule->needs_all & ~facts) != 0 ||
                     (rule->needs_any != 0 && (rule->needs_any & facts) == 0);
        if (concerns && !lacks) {
            return rule;
        }
    }
    return NULL;
}

/* What one citation may establish for the model. */
static struct seen facts_of_seen(struct judge *judge, const struct seen *seen, struct model_id model)
{
    struct seen facts = *seen;
    bool is_about = seen->model == 0 || seen->model == model.value;
    if (!is_about || seen->kind == EVENT_REPLY || (!seen->trusted && seen->kind != EVENT_CHANGE)) {
        facts.strict = facts.loose = facts.plain = 0;
        return facts;
    }
    const struct model_memory *memory = judge_model(judge, model);
    if (seen->kind == EVENT_WINDOW && memory != NULL && memory->window_id == seen->id) {
        facts_of_window(judge, memory, &facts.strict, &facts.loose, &facts.plain);
    }
    return facts;
}

struct support {
    uint64_t strict, loose, plain;
    int64_t newest_at;        /* Of anything cited; NEVER: nothing. */
    int64_t fact_at[N_FACTS]; /* Newest citation that may establish it; NEVER: none. */
    uint32_t n_found, n_untrusted;
    bool invented; /* Names what never came. */
};

static void support_take(struct judge *judge, const struct event *event,
                         const struct record *record, struct support *support)
{
    *support = (struct support){.newest_at = NEVER};
    for (uint32_t i = 0; i < N_FACTS; i++) {
        support->fact_at[i] = NEVER;
    }
    for (uint32_t i = 0; i < record->n_evidence && i < EVIDENCE_CITED_MAX; i++) {
        support->invented = support->invented || record->evidence[i].value == 0 ||
                            record->evidence[i].value > event->sequence;
        const struct seen *seen = history_find(judge, record->evidence[i]);
        if (seen == NULL) {
            continue;
        }
        support->n_found++;
        support->n_untrusted += seen->trusted ? 0 : 1;
        bool is_newer = support->newest_at == NEVER || seen->sampled_at > support->newest_at;
        support->newest_at = is_newer ? seen->sampled_at : support->newest_at;
        struct seen facts = facts_of_seen(judge, seen, record->args.model);
        support->strict |= facts.strict;
        support->loose |= facts.loose;
        support->plain |= facts.plain;
        for (uint32_t fact = 0; fact < N_FACTS; fact++) {
            int64_t *at = &support->fact_at[fact];
            bool is_one = ((facts.strict | facts.loose) & FACT_BIT(fact)) != 0;
            if (is_one && (*at == NEVER || seen->sampled_at > *at)) {
                *at = seen->sampled_at;
            }
        }
    }
    uint64_t loose = 0;
    uint64_t context = facts_of_context(judge, record, &loose);
    support->strict |= context;
    support->plain |= context;
    support->loose |= loose | support->strict;
}

static enum verdict verdict_of(const struct policy_rule *rule)
{
    return rule == NULL ? VERDICT_FORBID : rule->verdict;
}

static const char *first_fact(uint64_t facts)
{
    for (uint32_t i = 0; i < N_FACTS; i++) {
        if ((facts & FACT_BIT(i)) != 0) {
            return fact_name((enum fact)i);
        }
    }
    return "a fact that does not exist";
}

/* REQ S13: a fact that only a small sample, young labels or a bad source could have given. */
static bool judge_samples(struct judge *judge, const struct event *event,
                          const struct record *record, const struct support *support)
{
    uint64_t claimed = record->facts;
    if (claimed == 0) {
        return false;
    }
    occasion(judge, INVARIANT_S13);
    uint64_t weak = claimed & ~support->strict & support->loose;
    if (weak == 0) {
        return false;
    }
    struct text why = breach(judge, INVARIANT_S13, event->at, record->args.model, record->verb);
    text_put(&why, first_fact(weak));
    text_put(&why, " from too small or too young a sample");
    return true;
}

static bool is_change(const struct record *record)
{
    return (unsigned)record->verb < N_VERBS && verb_changes_state(record->verb);
}

void permitted_decision(struct judge *judge, const struct event *event, const struct record *record)
{
    bool lets_through = record->kind == RECORD_DECIDED && record->verdict >= VERDICT_TWO;
    if (!lets_through || !is_change(record) || judge_model(judge, record->args.model) == NULL) {
        return;
    }
    struct support support;
    support_take(judge, event, record, &support);
    (void)judge_samples(judge, event, record, &support); /* The breach is noted. */
}

/* Oldest of what the verdict cannot do without: each fact the rule needs by its newest citation, one of those it needs any of,
 * and the newest thing read. */
static int64_t decisive_of(const struct policy_rule *rule, uint64_t facts,
                           const struct support *support)
{
    int64_t decisive_at = support->newest_at;
    int64_t any_at = NEVER;
    for (uint32_t i = 0; rule != NULL && i < N_FACTS; i++) {
        int64_t at = support->fact_at[i];
        if ((facts & FACT_BIT(i)) == 0 || (FACT_BIT(i) & AGELESS) != 0 || at == NEVER) {
            continue;
        }
        if ((rule->needs_all & FACT_BIT(i)) != 0 && at < decisive_at) {
            decisive_at = at;
        }
        bool is_any = (rule->needs_any & FACT_BIT(i)) != 0;
        any_at = is_any && (any_at == NEVER || at > any_at) ? at : any_at;
    }
    bool ageless = rule == NULL || rule->needs_any == 0 || (rule->needs_any & facts & AGELESS) != 0;
    return !ageless && any_at != NEVER && any_at < decisive_at ? any_at : decisive_at;
}

static bool judge_verdict(struct judge *judge, const struct record *record, enum verdict verdict)
{
    const struct model_memory *memory = judge_model(judge, record->args.model);
    switch (verdict) {
    case VERDICT_AUTO:
    case VERDICT_ONE:
    case VERDICT_TWO:
        return true;
    case VERDICT_CANARY:
        return digest_is_set(memory->passed) && digest_same(memory->passed, record->args.subject);
    case VERDICT_FORBID:
    case VERDICT_ESCALATE:
    case VERDICT_WAIT:
    case N_VERDICTS:
        return false;
    }
    return false;
}

/* REQ S35: whatever anybody said, the effect lies in the set that evidence and policy permit. */
void permitted_intent(struct judge *judge, const struct event *event, const struct record *record,
                      struct intent *intent)
{
    const struct model_entry *entry = deployment_model(judge->deployment, record->args.model);
    if (!is_change(record) || entry == NULL) {
        return;
    }
    struct support support;
    support_take(judge, event, record, &support);
    uint64_t facts = record->facts & support.strict;
    const struct policy_rule *rule = rule_find(judge->policy, record->verb, entry->tier, facts);
    intent->verdict = verdict_of(rule);
    enum verdict own =
        verdict_of(rule_find(judge->policy, record->verb, entry->tier, facts | support.plain));
    intent->decisive_at = decisive_of(rule, facts, &support);
    intent->untrusted = support.n_found > 0 && support.n_untrusted == support.n_found;
    occasion(judge, INVARIANT_S35);
    if (support.invented) {
        struct text why = breach(judge, INVARIANT_S28, event->at, record->args.model, record->verb);
        text_put(&why, "the intent cites evidence that never came");
    }
    bool is_weak = judge_samples(judge, event, record, &support);
    uint64_t unfounded = record->facts & ~support.strict & ~support.loose;
    bool is_adapted = (judge->deployment->verbs & VERB_BIT(record->verb)) != 0;
    if (unfounded != 0) {
        struct text why = breach(judge, INVARIANT_S35, event->at, record->args.model, record->verb);
        text_put(&why, "no cited evidence establishes ");
        text_put(&why, first_fact(unfounded));
    } else if (!is_adapted) {
        struct text why = breach(judge, INVARIANT_S35, event->at, record->args.model, record->verb);
        text_put(&why, "the deployment has no such action");
    } else if (own < intent->verdict) { /* What the warden did not say, its evidence does. */
        struct text why = breach(judge, INVARIANT_S35, event->at, record->args.model, record->verb);
        text_put(&why, "the evidence says more than was recorded, and the policy then ");
        text_put(&why, verdict_name(own));
    } else if (!is_weak && !judge_verdict(judge, record, intent->verdict)) {
        struct text why = breach(judge, INVARIANT_S35, event->at, record->args.model, record->verb);
        text_put(&why, "the policy says ");
        text_put(&why, verdict_name(intent->verdict));
    }
}

static bool is_fed_by(const struct model_entry *model, uint32_t tables)
{
    for (uint32_t i = 0; i < model->n_features; i++) {
        uint32_t table = model->features[i].table.value;
        if (table >= 1 && table <= TABLES_MAX && (tables >> (table - 1) & 1u) != 0) {
            return true;
        }
    }
    return false;
}

/* REQ S13: no training window holds data under quarantine or under an open data-quality verdict. */
void permitted_asked(struct judge *judge, const struct ledger_entry *entry)
{
    if (entry->verb != VERB_RETRAIN || entry->args.window == TRAIN_CLEAN) {
        return; /* Clean rows are those less quarantined and faulty ones. */
    }
    const struct model_memory *memory = judge_model(judge, entry->args.model);
    const struct model_entry *model = deployment_model(judge->deployment, entry->args.model);
    occasion(judge, INVARIANT_S13);
    bool is_quarantined = memory->has_state && is_fed_by(model, memory->state.quarantined_tables);
    bool is_disputed = memory->dispute_from != NEVER && entry->args.to_ns > memory->dispute_from &&
                       (memory->dispute_to == NEVER || entry->args.from_ns < memory->dispute_to);
    if (is_quarantined || is_disputed) {
        struct text why =
            breach(judge, INVARIANT_S13, entry->asked_at, entry->args.model, entry->verb);
        text_put(&why, is_quarantined ? "trains on a quarantined table"
                                      : "trains on rows under an open data-quality verdict");
    }
}
