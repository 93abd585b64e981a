/* SPDX-License-Identifier: Apache-2.0 */
/* Door of the live settings: the section `live` of a deployment file, with every secret read from its file. */
#ifndef LIVE_CONFIG_CONFIG_H
#define LIVE_CONFIG_CONFIG_H

#include "core/base/err.h"
#include "core/steward.h"
#include "live/adapter/evidence.h"
#include "live/adapter/hook.h"
#include "live/adapter/llm.h"

/* From the most cautious. X(NAME, word, about). */
#define LIVE_MODE_TABLE(X)                                                                         \
    X(OBSERVE, "observe", "watches and tells; proposes nothing, asks no LLM")                      \
    X(SHADOW, "shadow", "decides everything, changes nothing: requests are shown, not sent")       \
    X(PROPOSE, "propose", "changes only what a person approved")                                   \
    X(AUTO, "auto", "as the policy says")

enum live_mode {
#define X(name, word, about) LIVE_##name,
    LIVE_MODE_TABLE(X)
#undef X
        N_LIVE_MODES
};
extern const char *const live_mode_names[N_LIVE_MODES + 1]; /* Ends with NULL. */
bool live_mode_find(struct slice word, enum live_mode *ret_mode);

enum { LIVE_PATH_BYTES = 1024, TOKEN_BYTES = 256, TOKEN_BYTES_MIN = 16, LIVE_KEY_BYTES = 1024 };

/* A person may act through the page and the command line with the token. */
struct login {
    struct person_id person;
    char token[TOKEN_BYTES];
    char token_file[LIVE_PATH_BYTES];
};

struct live_config {
    struct deployment deployment; /* As the file says; live_settings makes it what a mode allows. */
    enum live_mode mode;
    char policy[LIVE_PATH_BYTES]; /* A path, or the name of an embedded one. */
    enum mind_kind mind;
    char state_dir[LIVE_PATH_BYTES];
    char address[64];
    uint16_t port;
    bool is_remote;     /* Listens elsewhere than on the loopback, behind a proxy with TLS. */
    char page_url[256]; /* Where people find the page, through a proxy; empty: at the address. */
    struct endpoint prometheus;
    int64_t lag_ns; /* A window is read so long after its end. */
    struct signal_queries queries[MODELS_MAX];
    bool has_mlflow;
    struct registry_source registries[MODELS_MAX]; /* Model empty: none. */
    struct model_source sources[MODELS_MAX]; /* Point into this very struct: live_config_bind. */
    bool has_hook, has_slack, has_otlp, has_llm;
    struct hook_source hook;
    struct endpoint slack, otlp;
    struct llm_source llm;
    char cassette[LIVE_PATH_BYTES]; /* Records what the LLM is asked and answers; empty: nothing does. */
    char intake_token[TOKEN_BYTES]; /* Of Alertmanager; empty: closed. */
    bool has_intake_secret;
    struct webhook_secret intake_secret; /* Of CloudEvents and OpenLineage. */
    uint32_t n_calendar;
    struct calendar_entry calendar[CALENDAR_MAX]; /* Unix time; live_config_bind makes it that of the run. */
    uint32_t n_logins;
    struct login logins[PEOPLE_MAX];
    char sign_key[LIVE_KEY_BYTES]; /* Text; empty: unsigned. */
};

/* bytes: the file as cli read it; name: as it was given. Files named in it are looked for beside it. Failures: ERR_CONFIG with file, line,
 * column and the accepted keys; so is a secret that others can read, and a tool or verb of the deployment that no server of the section
 * can serve. read_secrets false: only named, not read (for people's commands, which need the address alone). */
enum err live_config_parse(const char *name, struct slice bytes, bool read_secrets,
                           struct live_config *ret_config, struct err_text *ret_text) MUST_USE;
/* Sets the epoch of the run wherever an adapter wants it, and the pointers. Due after every copy. */
void live_config_bind(struct live_config *config, int64_t epoch_unix_ns);
/* Wipes the secrets. */
void live_config_wipe(struct live_config *config);

/* Settings of a run: the mode takes away what it forbids. OBSERVE: no verb that changes state, no LLM. PROPOSE: what the policy leaves to
 * automation needs one person. */
void live_settings(const struct live_config *config, const struct policy *policy, uint64_t seed,
                   struct settings *ret_settings);

#endif
