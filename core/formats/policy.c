/* SPDX-License-Identifier: Apache-2.0 */
/* The policy file: strict YAML to the table of rules and the numbers of the budgets. */
#include <stddef.h>
#include <string.h>

#include "core/formats/deployment.h"
#include "core/formats/words.h"
#include "core/formats/yaml.h"

/* What every reader here needs: the file, where to put the message, and what has been read so far. */
struct file {
    const struct yaml *yaml;
    struct err_text *text;
    struct policy *policy;
};

enum limit_kind { LIMIT_COUNT, LIMIT_SHARE, LIMIT_DURATION };

/* One member of struct policy_limits. */
struct limit_entry {
    const char *key;
    enum limit_kind kind;
    size_t offset;
    int64_t lo, hi; /* Of a COUNT. */
};

#define LIMIT(key, kind, member, lo, hi)                                                           \
    {                                                                                              \
        key, kind, offsetof(struct policy_limits, member), lo, hi                                  \
    }
#define DURATION(key) LIMIT(#key, LIMIT_DURATION, key##_ns, 0, 0)

static const struct limit_entry limit_entries[] = {
    LIMIT("models_per_window", LIMIT_COUNT, models_per_window, 1, MODELS_MAX),
    LIMIT("traffic_per_window", LIMIT_SHARE, traffic_ppm_per_window, 0, 0),
    LIMIT("unverified_per_fleet", LIMIT_COUNT, unverified_per_fleet, 1, ACTIONS_MAX),
    DURATION(blast_window),
    LIMIT("changes_per_model_hour", LIMIT_COUNT, changes_per_model_hour, 1, RECENT_EFFECTS_MAX),
    DURATION(cool_down),
    LIMIT("flips_per_day", LIMIT_COUNT, flips_per_day, 0, RECENT_EFFECTS_MAX),
    LIMIT("scored_min", LIMIT_COUNT, scored_min, 1, 10000000),
    LIMIT("feature_rows_min", LIMIT_COUNT, feature_rows_min, 1, 10000000),
    DURATION(canary_min),
    LIMIT("canary_margin", LIMIT_SHARE, canary_margin_ppm, 0, 0),
    LIMIT("threshold_step", LIMIT_SHARE, threshold_step_ppm, 0, 0),
    DURATION(stale),
    DURATION(approval_ttl),
    DURATION(act_deadline),
    DURATION(page_deadline),
    DURATION(acknowledge),
    DURATION(clear),
    DURATION(lock),
    DURATION(dead_man),
    DURATION(verify),
    LIMIT("llm_tokens_per_day", LIMIT_COUNT, llm_tokens_per_day, 0, 100000000),
};

enum { N_LIMITS = sizeof(limit_entries) / sizeof(limit_entries[0]) };

static enum err read_limit(const struct file *file, const struct yaml_node *node,
                           const struct limit_entry *entry)
{
    char *member = (char *)&file->policy->limits + entry->offset;
    uint32_t count = 0;
    int64_t whole = 0;
    double share = 0.0;
    switch (entry->kind) {
    case LIMIT_COUNT:
        TRY(yaml_to_i64(file->yaml, node, entry->lo, entry->hi, &whole, file->text));
        count = (uint32_t)whole;
        memcpy(member, &count, sizeof(count));
        return OK;
    case LIMIT_SHARE:
        TRY(yaml_to_double(file->yaml, node, 0.0, 1.0, &share, file->text));
        count = (uint32_t)(share * 1e6 + 0.5);
        memcpy(member, &count, sizeof(count));
        return OK;
    case LIMIT_DURATION:
        TRY(yaml_to_duration(file->yaml, node, &whole, file->text));
        if (whole < NS_PER_S || whole > 90 * NS_PER_DAY) {
            return yaml_error(file->yaml, node, file->text, "'%s' must lie between 1s and 90d",
                              entry->key);
        }
        memcpy(member, &whole, sizeof(whole));
        return OK;
    }
    return OK;
}

/* Absent limits keep their defaults. */
static enum err read_limits(const struct file *file, const struct yaml_node *root)
{
    policy_defaults(&file->policy->limits);
    const struct yaml_node *map = yaml_get(root, "limits");
    if (map == NULL) {
        return OK;
    }
    const char *keys[N_LIMITS + 1];
    for (size_t i = 0; i < N_LIMITS; i++) {
        keys[i] = limit_entries[i].key;
    }
    keys[N_LIMITS] = NULL;
    TRY(yaml_check_keys(file->yaml, map, "limits", keys, file->text));
    for (size_t i = 0; i < N_LIMITS; i++) {
        const struct yaml_node *node = yaml_get(map, limit_entries[i].key);
        if (node != NULL) {
            TRY(read_limit(file, node, &limit_entries[i]));
        }
    }
    return OK;
}

/* Leaves *bits when the key is absent. */
static enum err read_bits(const struct file *file, const struct yaml_node *map, const char *key,
                          const struct words *words, uint64_t *bits)
{
    const struct yaml_node *node = yaml_get(map, key);
    return node == NULL ? OK : words_to_bits(file->yaml, node, words, bits, file->text);
}

static enum err read_word(const struct file *file, const struct yaml_node *map, const char *key,
                          const struct words *words, uint32_t *ret_value)
{
    const struct yaml_node *node = NULL;
    TRY(yaml_need(file->yaml, map, "rule", key, &node, file->text));
    return word_to_value(file->yaml, node, words, ret_value, file->text);
}

static enum err read_rule(const struct file *file, const struct yaml_node *map,
                          struct policy_rule *ret_rule)
{
    static const char *const keys[] = {"verb", "tiers", "needs", "any", "verdict", NULL};
    uint32_t verb = 0, verdict = 0;
    uint64_t tiers = (UINT64_C(1) << N_TIERS) - 1, needs_all = 0, needs_any = 0;
    TRY(yaml_check_keys(file->yaml, map, "rule", keys, file->text));
    TRY(read_word(file, map, "verb", &words_verbs, &verb));
    TRY(read_bits(file, map, "tiers", &words_tiers, &tiers));
    TRY(read_bits(file, map, "needs", &words_facts, &needs_all));
    TRY(read_bits(file, map, "any", &words_facts, &needs_any));
    TRY(read_word(file, map, "verdict", &words_verdicts, &verdict));
    if (tiers == 0) {
        return yaml_error(file->yaml, yaml_get(map, "tiers"), file->text,
                          "'tiers': a rule for no tier never applies");
    }
    *ret_rule = (struct policy_rule){.verb = (enum verb)verb,
                                     .tiers = (uint32_t)tiers,
                                     .needs_all = needs_all,
                                     .needs_any = needs_any,
                                     .verdict = (enum verdict)verdict};
    return OK;
}

static enum err read_rules(const struct file *file, const struct yaml_node *root)
{
    struct policy *policy = file->policy;
    const struct yaml_node *list = NULL;
    TRY(yaml_need(file->yaml, root, "policy", "rules", &list, file->text));
    if (list->kind != YAML_LIST) {
        return yaml_error(file->yaml, list, file->text, "'rules': expected a list of rules");
    }
    for (const struct yaml_node *node = list->first_child; node != NULL; node = node->next) {
        if (policy->n_rules == POLICY_RULES_MAX) {
            return yaml_error(file->yaml, node, file->text, "'rules': more than %d rules",
                              POLICY_RULES_MAX);
        }
        TRY(read_rule(file, node, &policy->rules[policy->n_rules]));
        policy->n_rules++;
    }
    return OK;
}

static enum err read_policy(const struct file *file)
{
    static const char *const keys[] = {"version",       "rules",  "freeze_allow",
                                       "preauthorised", "limits", NULL};
    const struct yaml_node *root = yaml_root(file->yaml), *version = NULL;
    struct policy *policy = file->policy;
    TRY(yaml_check_keys(file->yaml, root, "policy", keys, file->text));
    TRY(yaml_need(file->yaml, root, "policy", "version", &version, file->text));
    TRY(yaml_to_chars(file->yaml, version, policy->version, sizeof(policy->version), file->text));
    TRY(read_rules(file, root));
    TRY(read_bits(file, root, "freeze_allow", &words_verbs, &policy->freeze_allow));
    TRY(read_bits(file, root, "preauthorised", &words_verbs, &policy->preauthorised));
    return read_limits(file, root);
}

enum err policy_parse(const char *name, struct slice bytes, struct policy *ret_policy,
                      struct err_text *ret_text)
{
    struct yaml *yaml = NULL;
    TRY(yaml_open(name, bytes, &yaml, ret_text));
    struct policy policy;
    memset(&policy, 0, sizeof(policy));
    struct file file = {yaml, ret_text, &policy};
    enum err err = read_policy(&file);
    yaml_close(yaml);
    if (err == OK) {
        *ret_policy = policy;
    }
    return err;
}
