/* SPDX-License-Identifier: Apache-2.0 */
/* What a mode makes of deployment and policy: the core stays the same, its settings say less. */
#include <sodium.h>

#include "core/types/names.h"
#include "live/config/config.h"

const char *const live_mode_names[N_LIVE_MODES + 1] = {
#define X(name, word, about) word,
    LIVE_MODE_TABLE(X)
#undef X
        NULL};

bool live_mode_find(struct slice word, enum live_mode *ret_mode)
{
    for (int i = 0; i < N_LIVE_MODES; i++) {
        if (slice_equal(word, slice_of(live_mode_names[i]))) {
            *ret_mode = (enum live_mode)i;
            return true;
        }
    }
    return false;
}

void live_settings(const struct live_config *config, const struct policy *policy, uint64_t seed,
                   struct settings *ret_settings)
{
    ret_settings->deployment = config->deployment;
    ret_settings->policy = *policy;
    ret_settings->mind = config->mind;
    ret_settings->seed = seed;
    if (config->mode == LIVE_OBSERVE) {
        ret_settings->deployment.llm.enabled = false;
        for (int verb = 0; verb < N_VERBS; verb++) {
            if (verb_changes_state((enum verb)verb)) {
                ret_settings->deployment.verbs &= ~(UINT64_C(1) << verb);
            }
        }
    }
    if (config->mode != LIVE_PROPOSE) {
        return;
    }
    ret_settings->policy.preauthorised = 0;
    for (uint32_t i = 0; i < policy->n_rules; i++) {
        struct policy_rule *rule = &ret_settings->policy.rules[i];
        bool is_automatic = rule->verdict == VERDICT_AUTO || rule->verdict == VERDICT_CANARY;
        if (is_automatic && verb_changes_state(rule->verb)) {
            rule->verdict = VERDICT_ONE;
        }
    }
}

void live_config_bind(struct live_config *config, int64_t epoch_unix_ns)
{
    config->hook.epoch_unix_ns = epoch_unix_ns;
    for (uint32_t i = 0; i < config->deployment.n_models; i++) {
        struct registry_source *registry = &config->registries[i];
        registry->epoch_unix_ns = epoch_unix_ns;
        config->sources[i] =
            (struct model_source){.prometheus = &config->prometheus,
                                  .queries = &config->queries[i],
                                  .registry = registry->model[0] == '\0' ? NULL : registry,
                                  .epoch_unix_ns = epoch_unix_ns};
    }
}

void live_config_wipe(struct live_config *config) { sodium_memzero(config, sizeof(*config)); }
