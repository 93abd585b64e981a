/* SPDX-License-Identifier: Apache-2.0 */
/* The section `live`, strictly: unknown keys, doubtful addresses and secrets in the wrong place are refused with their line and column. */
#include "live/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/formats/deployment.h"
#include "core/formats/secret.h"
#include "core/formats/words.h"
#include "core/formats/yaml.h"
#include "core/types/names.h"
#include "live/adapter/intake.h"
#include "live/adapter/webhook.h"

enum { SECRET_BYTES = HEADER_VALUE_BYTES - 16, TRIES_MAX = 10, TOKENS_MAX = 32768 };

struct reading {
    const char *name;
    const struct yaml *yaml;
    bool read_secrets;
    struct live_config *config;
    struct err_text *text;
};

static enum err refuse(const struct reading *reading, const struct yaml_node *node, const char *key,
                       const char *why)
{
    return yaml_error(reading->yaml, node, reading->text, "'%s': %s", key, why);
}

/* Absent keys leave the value. */

static enum err read_chars(const struct reading *reading, const struct yaml_node *map,
                           const char *key, char *ret_chars, size_t capacity)
{
    const struct yaml_node *node = yaml_get(map, key);
    return node == NULL ? OK : yaml_to_chars(reading->yaml, node, ret_chars, capacity, reading->text);
}

static enum err read_u32(const struct reading *reading, const struct yaml_node *map,
                         const char *key, int64_t lo, int64_t hi, uint32_t *ret_value)
{
    const struct yaml_node *node = yaml_get(map, key);
    int64_t value = 0;
    if (node == NULL) {
        return OK;
    }
    TRY(yaml_to_i64(reading->yaml, node, lo, hi, &value, reading->text));
    *ret_value = (uint32_t)value;
    return OK;
}

static enum err read_duration(const struct reading *reading, const struct yaml_node *map,
                              const char *key, int64_t lo, int64_t hi, int64_t *ret_ns)
{
    const struct yaml_node *node = yaml_get(map, key);
    int64_t ns = 0;
    if (node == NULL) {
        return OK;
    }
    TRY(yaml_to_duration(reading->yaml, node, &ns, reading->text));
    if (ns < lo || ns > hi) {
        return refuse(reading, node, key, "is out of range");
    }
    *ret_ns = ns;
    return OK;
}

/* A path beside the configuration file, unless it is absolute. */
static enum err read_path(const struct reading *reading, const struct yaml_node *map, const char *key,
                          char ret_path[LIVE_PATH_BYTES], const struct yaml_node **ret_node)
{
    char path[LIVE_PATH_BYTES] = "";
    *ret_node = yaml_get(map, key);
    TRY(read_chars(reading, map, key, path, sizeof(path)));
    const char *slash = strrchr(reading->name, '/');
    int folder = path[0] == '/' || slash == NULL ? 0 : (int)(slash - reading->name) + 1;
    int n_bytes = snprintf(ret_path, LIVE_PATH_BYTES, "%.*s%s", folder, reading->name, path);
    if (n_bytes >= LIVE_PATH_BYTES) {
        return refuse(reading, *ret_node, key, "the path is too long");
    }
    if (path[0] == '\0') {
        ret_path[0] = '\0';
    }
    return OK;
}

/* A secret from the file that the key names; empty when the key is absent. */
static enum err read_secret(const struct reading *reading, const struct yaml_node *map,
                            const char *key, char *ret_secret, size_t capacity)
{
    char path[LIVE_PATH_BYTES];
    const struct yaml_node *node = NULL;
    ret_secret[0] = '\0';
    TRY(read_path(reading, map, key, path, &node));
    if (node == NULL || !reading->read_secrets) {
        return OK;
    }
    struct err_text why;
    enum err err = secret_read(path, ret_secret, capacity, &why);
    return err == OK ? OK : yaml_error(reading->yaml, node, reading->text, "'%s': %s", key, why.text);
}

static bool is_url(const char *url)
{
    const char *host = strncmp(url, "http://", 7) == 0    ? url + 7
                       : strncmp(url, "https://", 8) == 0 ? url + 8
                                                          : "";
    size_t n_host = strcspn(host, "/?#");
    for (const char *c = url; *c != '\0'; c++) {
        if (*c <= ' ' || (unsigned char)*c >= 0x7f) {
            return false;
        }
    }
    return n_host > 0 && memchr(host, '@', n_host) == NULL && strpbrk(url, "?#\\\"") == NULL;
}

static enum err check_url(const struct reading *reading, const struct yaml_node *node,
                          const char *key, char *url)
{
    if (!is_url(url)) {
        return refuse(
            reading, node, key,
            "wants http://HOST[:PORT][/PATH] or https://..., without a name, password or query in it");
    }
    size_t n_bytes = strlen(url);
    while (n_bytes > 0 && url[n_bytes - 1] == '/') {
        url[--n_bytes] = '\0';
    }
    return OK;
}

static enum err put_token(const struct reading *reading, const struct yaml_node *map,
                          const char *key, struct endpoint *endpoint)
{
    char secret[SECRET_BYTES];
    TRY(read_secret(reading, map, key, secret, sizeof(secret)));
    if (secret[0] == '\0') {
        return OK;
    }
    for (const char *c = secret; *c != '\0'; c++) {
        if (*c <= ' ' || (unsigned char)*c >= 0x7f) {
            return refuse(reading, yaml_get(map, key), key, "the file holds more than one token");
        }
    }
    (void)snprintf(endpoint->auth.name, sizeof(endpoint->auth.name), "Authorization");
    (void)snprintf(endpoint->auth.value, sizeof(endpoint->auth.value), "Bearer %s", secret);
    endpoint->auth.secret = true;
    return OK;
}

/* url, timeout, token_file. */
static enum err read_endpoint(const struct reading *reading, const struct yaml_node *map,
                              const char *what, struct endpoint *endpoint)
{
    const struct yaml_node *url = NULL;
    TRY(yaml_need(reading->yaml, map, what, "url", &url, reading->text));
    TRY(yaml_to_chars(reading->yaml, url, endpoint->url, sizeof(endpoint->url), reading->text));
    TRY(check_url(reading, url, "url", endpoint->url));
    TRY(read_duration(reading, map, "timeout", 100 * NS_PER_MS, 5 * NS_PER_MIN,
                      &endpoint->timeout_ns));
    return put_token(reading, map, "token_file", endpoint);
}

/* Scheme, name and port: what browsers call an origin. */
static enum err read_page_url(const struct reading *reading, const struct yaml_node *map)
{
    struct live_config *config = reading->config;
    const struct yaml_node *url = yaml_get(map, "url");
    if (url == NULL) {
        return OK;
    }
    TRY(yaml_to_chars(reading->yaml, url, config->page_url, sizeof(config->page_url), reading->text));
    TRY(check_url(reading, url, "url", config->page_url));
    return strchr(strstr(config->page_url, "//") + 2, '/') == NULL
               ? OK
               : refuse(reading, url, "url", "wants https://HOST[:PORT], without a path");
}

static enum err read_listen(const struct reading *reading, const struct yaml_node *root)
{
    static const char *const keys[] = {"address", "port", "remote", "url", NULL};
    struct live_config *config = reading->config;
    const struct yaml_node *map = yaml_get(root, "listen");
    (void)snprintf(config->address, sizeof(config->address), "127.0.0.1");
    config->port = 9464;
    if (map == NULL) {
        return OK;
    }
    uint32_t port = config->port;
    TRY(yaml_check_keys(reading->yaml, map, "listen", keys, reading->text));
    TRY(read_chars(reading, map, "address", config->address, sizeof(config->address)));
    TRY(read_u32(reading, map, "port", 1, 65535, &port));
    const struct yaml_node *remote = yaml_get(map, "remote");
    if (remote != NULL) {
        TRY(yaml_to_bool(reading->yaml, remote, &config->is_remote, reading->text));
    }
    TRY(read_page_url(reading, map));
    bool is_loopback =
        strncmp(config->address, "127.", 4) == 0 || strcmp(config->address, "::1") == 0;
    if (!is_loopback && !config->is_remote) {
        return refuse(
            reading, yaml_get(map, "address"), "address",
            "is reachable from elsewhere; put a proxy with TLS before it and say 'remote: true'");
    }
    config->port = (uint16_t)port;
    return OK;
}

static enum err read_prometheus(const struct reading *reading, const struct yaml_node *root)
{
    static const char *const keys[] = {"url", "token_file", "timeout", "lag", NULL};
    const struct yaml_node *map = NULL;
    TRY(yaml_need(reading->yaml, root, "live", "prometheus", &map, reading->text));
    TRY(yaml_check_keys(reading->yaml, map, "prometheus", keys, reading->text));
    TRY(read_endpoint(reading, map, "prometheus", &reading->config->prometheus));
    reading->config->lag_ns = 5 * NS_PER_S;
    return read_duration(reading, map, "lag", 0, NS_PER_HOUR, &reading->config->lag_ns);
}

static enum err read_mlflow(const struct reading *reading, const struct yaml_node *root)
{
    static const char *const keys[] = {"url", "token_file", "timeout", "alias", NULL};
    struct live_config *config = reading->config;
    const struct yaml_node *map = yaml_get(root, "mlflow");
    if (map == NULL) {
        return OK;
    }
    struct registry_source source = {.alias = "champion"};
    TRY(yaml_check_keys(reading->yaml, map, "mlflow", keys, reading->text));
    TRY(read_endpoint(reading, map, "mlflow", &source.endpoint));
    TRY(read_chars(reading, map, "alias", source.alias, sizeof(source.alias)));
    config->has_mlflow = true;
    for (uint32_t i = 0; i < config->deployment.n_models; i++) {
        config->registries[i] = source;
        struct text model;
        text_init(&model, config->registries[i].model, sizeof(config->registries[i].model));
        text_put(&model, config->deployment.models[i].name);
    }
    return OK;
}

static enum err read_signals(const struct reading *reading, const struct yaml_node *model,
                             struct signal_queries *queries)
{
    const char *keys[N_SIGNALS + 1] = {NULL};
    for (int i = 0; i < N_SIGNALS; i++) {
        keys[i] = signal_name((enum signal_kind)i);
    }
    const struct yaml_node *map = yaml_get(model, "signals");
    if (map == NULL) {
        return OK;
    }
    TRY(yaml_check_keys(reading->yaml, map, "signals", keys, reading->text));
    for (int i = 0; i < N_SIGNALS; i++) {
        const struct yaml_node *query = yaml_get(map, keys[i]);
        if (query != NULL && query->kind == YAML_SCALAR &&
            slice_equal(query->value, slice_of("none"))) {
            queries->templates[i][0] = '\0';
        } else if (query != NULL) {
            TRY(yaml_to_chars(reading->yaml, query, queries->templates[i], QUERY_BYTES,
                              reading->text));
        }
    }
    return OK;
}

static enum err read_model(const struct reading *reading, const struct yaml_node *map)
{
    static const char *const keys[] = {"name", "registered", "alias", "signals", NULL};
    struct live_config *config = reading->config;
    const struct yaml_node *name = NULL;
    TRY(yaml_check_keys(reading->yaml, map, "model of live", keys, reading->text));
    TRY(yaml_need(reading->yaml, map, "model of live", "name", &name, reading->text));
    for (uint32_t i = 0; i < config->deployment.n_models; i++) {
        if (!slice_equal(name->value, slice_of(config->deployment.models[i].name))) {
            continue;
        }
        struct registry_source *registry = &config->registries[i];
        const struct yaml_node *registered = yaml_get(map, "registered");
        if (registered != NULL && !config->has_mlflow) {
            return refuse(reading, registered, "registered", "there is no 'mlflow' to look it up in");
        }
        TRY(read_chars(reading, map, "registered", registry->model, sizeof(registry->model)));
        TRY(read_chars(reading, map, "alias", registry->alias, sizeof(registry->alias)));
        return read_signals(reading, map, &config->queries[i]);
    }
    return refuse(reading, name, "name", "no model of the deployment is named so");
}

static enum err read_models(const struct reading *reading, const struct yaml_node *root)
{
    struct live_config *config = reading->config;
    const struct yaml_node *list = yaml_get(root, "models");
    for (uint32_t i = 0; i < config->deployment.n_models; i++) {
        signal_queries_defaults(&config->queries[i]);
    }
    if (list == NULL) {
        return OK;
    }
    if (list->kind != YAML_LIST) {
        return refuse(reading, list, "models", "expected a list");
    }
    for (const struct yaml_node *node = list->first_child; node != NULL; node = node->next) {
        TRY(read_model(reading, node));
    }
    return OK;
}

static enum err read_webhook_secret(const struct reading *reading, const struct yaml_node *map,
                                    const char *key, struct webhook_secret *ret_secret,
                                    bool *ret_is_there)
{
    char secret[SECRET_BYTES];
    TRY(read_secret(reading, map, key, secret, sizeof(secret)));
    *ret_is_there = yaml_get(map, key) != NULL;
    if (secret[0] != '\0' && !webhook_secret_parse(slice_of(secret), ret_secret)) {
        return refuse(reading, yaml_get(map, key), key,
                      "the file wants whsec_ and base64 of 24 to 64 bytes");
    }
    return OK;
}

static enum err read_hook(const struct reading *reading, const struct yaml_node *root)
{
    static const char *const keys[] = {"url", "secret_file", "timeout", "poll", "patience", NULL};
    struct live_config *config = reading->config;
    const struct yaml_node *map = yaml_get(root, "hook"), *secret = NULL;
    if (map == NULL) {
        return OK;
    }
    TRY(yaml_check_keys(reading->yaml, map, "hook", keys, reading->text));
    TRY(read_endpoint(reading, map, "hook", &config->hook.endpoint));
    TRY(yaml_need(reading->yaml, map, "hook", "secret_file", &secret, reading->text));
    TRY(read_webhook_secret(reading, map, "secret_file", &config->hook.secret, &config->has_hook));
    TRY(read_duration(reading, map, "poll", 100 * NS_PER_MS, NS_PER_HOUR, &config->hook.poll_ns));
    return read_duration(reading, map, "patience", NS_PER_S, 7 * NS_PER_DAY,
                         &config->hook.patience_ns);
}

static enum err read_slack(const struct reading *reading, const struct yaml_node *root)
{
    static const char *const keys[] = {"url_file", "timeout", NULL};
    struct live_config *config = reading->config;
    const struct yaml_node *map = yaml_get(root, "slack"), *file = NULL;
    if (map == NULL) {
        return OK;
    }
    TRY(yaml_check_keys(reading->yaml, map, "slack", keys, reading->text));
    TRY(yaml_need(reading->yaml, map, "slack", "url_file", &file, reading->text));
    TRY(read_secret(reading, map, "url_file", config->slack.url, sizeof(config->slack.url)));
    config->slack.secret_url = true;
    if (reading->read_secrets && !is_url(config->slack.url)) {
        return refuse(reading, file, "url_file",
                      "the file does not hold an http:// or https:// address");
    }
    config->has_slack = true;
    return read_duration(reading, map, "timeout", 100 * NS_PER_MS, 5 * NS_PER_MIN,
                         &config->slack.timeout_ns);
}

static enum err read_otlp(const struct reading *reading, const struct yaml_node *root)
{
    static const char *const keys[] = {"url", "token_file", "timeout", NULL};
    const struct yaml_node *map = yaml_get(root, "otlp");
    if (map == NULL) {
        return OK;
    }
    TRY(yaml_check_keys(reading->yaml, map, "otlp", keys, reading->text));
    reading->config->has_otlp = true;
    return read_endpoint(reading, map, "otlp", &reading->config->otlp);
}

static enum err read_llm(const struct reading *reading, const struct yaml_node *root)
{
    static const char *const keys[] = {"url",
                                       "token_file",
                                       "timeout",
                                       "model",
                                       "dialect",
                                       "tokens",
                                       "tries",
                                       "microusd_per_1000_in",
                                       "microusd_per_1000_out",
                                       "cassette",
                                       NULL};
    struct live_config *config = reading->config;
    struct llm_source *llm = &config->llm;
    const struct yaml_node *map = yaml_get(root, "llm"), *model = NULL, *dialect = NULL,
                           *cassette = NULL;
    if (map == NULL) {
        return OK;
    }
    TRY(yaml_check_keys(reading->yaml, map, "llm", keys, reading->text));
    TRY(read_endpoint(reading, map, "llm", &llm->endpoint));
    TRY(yaml_need(reading->yaml, map, "llm", "model", &model, reading->text));
    TRY(yaml_to_chars(reading->yaml, model, llm->model, sizeof(llm->model), reading->text));
    TRY(read_u32(reading, map, "tokens", 16, TOKENS_MAX, &llm->tokens_max));
    TRY(read_u32(reading, map, "tries", 1, TRIES_MAX, &llm->tries_max));
    TRY(read_u32(reading, map, "microusd_per_1000_in", 0, INT32_MAX, &llm->microusd_per_1000_in));
    TRY(read_u32(reading, map, "microusd_per_1000_out", 0, INT32_MAX, &llm->microusd_per_1000_out));
    dialect = yaml_get(map, "dialect");
    if (dialect != NULL && slice_equal(dialect->value, slice_of("llamacpp"))) {
        llm->dialect = LLM_LLAMACPP;
    } else if (dialect != NULL && !slice_equal(dialect->value, slice_of("openai"))) {
        return refuse(reading, dialect, "dialect", "accepted: openai, llamacpp");
    }
    config->has_llm = true;
    return read_path(reading, map, "cassette", config->cassette, &cassette);
}

static enum err check_token(const struct reading *reading, const struct yaml_node *node,
                            const char *key, const char *token)
{
    if (!reading->read_secrets) {
        return OK;
    }
    for (const char *c = token; *c != '\0'; c++) {
        if (*c <= ' ' || (unsigned char)*c >= 0x7f) {
            return refuse(reading, node, key, "the file holds more than one token");
        }
    }
    return strlen(token) >= TOKEN_BYTES_MIN
               ? OK
               : refuse(reading, node, key, "the token is shorter than 16 characters");
}

static enum err read_intake(const struct reading *reading, const struct yaml_node *root)
{
    static const char *const keys[] = {"token_file", "secret_file", NULL};
    struct live_config *config = reading->config;
    const struct yaml_node *map = yaml_get(root, "intake");
    if (map == NULL) {
        return OK;
    }
    TRY(yaml_check_keys(reading->yaml, map, "intake", keys, reading->text));
    TRY(read_secret(reading, map, "token_file", config->intake_token, sizeof(config->intake_token)));
    if (yaml_get(map, "token_file") != NULL) {
        TRY(check_token(reading, yaml_get(map, "token_file"), "token_file", config->intake_token));
    }
    return read_webhook_secret(reading, map, "secret_file", &config->intake_secret,
                               &config->has_intake_secret);
}

static enum err read_login(const struct reading *reading, const struct yaml_node *map)
{
    static const char *const keys[] = {"person", "token_file", NULL};
    struct live_config *config = reading->config;
    const struct yaml_node *person = NULL, *file = NULL;
    if (config->n_logins == PEOPLE_MAX) {
        return refuse(reading, map, "logins", "more than 16 entries");
    }
    struct login *login = &config->logins[config->n_logins];
    TRY(yaml_check_keys(reading->yaml, map, "login", keys, reading->text));
    TRY(yaml_need(reading->yaml, map, "login", "person", &person, reading->text));
    TRY(yaml_need(reading->yaml, map, "login", "token_file", &file, reading->text));
    for (uint32_t i = 0; i < config->deployment.n_people; i++) {
        if (slice_equal(person->value, slice_of(config->deployment.people[i].name))) {
            login->person.value = (uint16_t)(i + 1);
        }
    }
    if (login->person.value == 0) {
        return refuse(reading, person, "person", "nobody of the deployment is named so");
    }
    TRY(read_path(reading, map, "token_file", login->token_file, &file));
    TRY(read_secret(reading, map, "token_file", login->token, sizeof(login->token)));
    TRY(check_token(reading, file, "token_file", login->token));
    for (uint32_t i = 0; i < config->n_logins; i++) {
        bool is_same = reading->read_secrets && strcmp(config->logins[i].token, login->token) == 0;
        if (is_same || config->logins[i].person.value == login->person.value) {
            return refuse(reading, map, "logins", "two entries share a person or a token");
        }
    }
    config->n_logins++;
    return OK;
}

static enum err read_logins(const struct reading *reading, const struct yaml_node *root)
{
    const struct yaml_node *list = yaml_get(root, "logins");
    if (list == NULL) {
        return OK;
    }
    if (list->kind != YAML_LIST) {
        return refuse(reading, list, "logins", "expected a list");
    }
    for (const struct yaml_node *node = list->first_child; node != NULL; node = node->next) {
        TRY(read_login(reading, node));
    }
    return OK;
}

static enum err read_time(const struct reading *reading, const struct yaml_node *map,
                          const char *key, int64_t *ret_unix_ns)
{
    const struct yaml_node *node = NULL;
    TRY(yaml_need(reading->yaml, map, "calendar", key, &node, reading->text));
    return node->kind == YAML_SCALAR && rfc3339_parse(node->value, ret_unix_ns)
               ? OK
               : refuse(reading, node, key, "wants a time such as 2026-11-24T18:00:00Z");
}

static enum err read_entry(const struct reading *reading, const struct yaml_node *map)
{
    static const char *const keys[] = {"kind", "from", "to", "model", NULL};
    struct live_config *config = reading->config;
    if (config->n_calendar == CALENDAR_MAX) {
        return refuse(reading, map, "calendar", "more than 8 entries");
    }
    struct calendar_entry *entry = &config->calendar[config->n_calendar];
    const struct yaml_node *kind = NULL, *model = yaml_get(map, "model");
    TRY(yaml_check_keys(reading->yaml, map, "calendar", keys, reading->text));
    TRY(yaml_need(reading->yaml, map, "calendar", "kind", &kind, reading->text));
    bool is_known = false;
    for (int i = 0; i < N_CALENDAR_KINDS; i++) {
        if (slice_equal(kind->value, slice_of(calendar_name((enum calendar_kind)i)))) {
            entry->kind = (enum calendar_kind)i;
            is_known = true;
        }
    }
    if (!is_known) {
        return refuse(reading, kind, "kind", "accepted: holiday, experiment, freeze, maintenance");
    }
    TRY(read_time(reading, map, "from", &entry->from));
    TRY(read_time(reading, map, "to", &entry->to));
    if (entry->to <= entry->from) {
        return refuse(reading, map, "to", "lies before 'from'");
    }
    for (uint32_t i = 0; model != NULL && i < config->deployment.n_models; i++) {
        if (slice_equal(model->value, slice_of(config->deployment.models[i].name))) {
            entry->model.value = (uint16_t)(i + 1);
        }
    }
    if (model != NULL && entry->model.value == 0) {
        return refuse(reading, model, "model", "no model of the deployment is named so");
    }
    config->n_calendar++;
    return OK;
}

static enum err read_calendar(const struct reading *reading, const struct yaml_node *root)
{
    const struct yaml_node *list = yaml_get(root, "calendar");
    if (list == NULL) {
        return OK;
    }
    if (list->kind != YAML_LIST) {
        return refuse(reading, list, "calendar", "expected a list");
    }
    for (const struct yaml_node *node = list->first_child; node != NULL; node = node->next) {
        TRY(read_entry(reading, node));
    }
    return OK;
}

static enum err read_basics(const struct reading *reading, const struct yaml_node *root)
{
    struct live_config *config = reading->config;
    const struct yaml_node *mode = yaml_get(root, "mode"), *mind = yaml_get(root, "mind");
    const struct yaml_node *policy = NULL, *state = NULL;
    config->mode = LIVE_SHADOW;
    if (mode != NULL && !live_mode_find(mode->value, &config->mode)) {
        return refuse(reading, mode, "mode", "accepted: observe, shadow, propose, auto");
    }
    config->mind = MIND_STEWARD;
    bool is_ours = mind == NULL || (mind_find(mind->value, &config->mind) &&
                                    (config->mind == MIND_STEWARD || config->mind == MIND_RULES ||
                                     config->mind == MIND_ESCALATE_ALL));
    if (!is_ours) {
        return refuse(reading, mind, "mind", "accepted: steward, rules, escalate_all");
    }
    (void)snprintf(config->policy, sizeof(config->policy), "default");
    policy = yaml_get(root, "policy");
    if (policy != NULL) {
        TRY(read_chars(reading, root, "policy", config->policy, sizeof(config->policy)));
        if (strchr(config->policy, '/') != NULL || strstr(config->policy, ".yaml") != NULL) {
            TRY(read_path(reading, root, "policy", config->policy, &policy));
        }
    }
    TRY(yaml_need(reading->yaml, root, "live", "state_dir", &state, reading->text));
    TRY(read_path(reading, root, "state_dir", config->state_dir, &state));
    return read_secret(reading, root, "sign_key_file", config->sign_key, sizeof(config->sign_key));
}

/* What no server of the section can serve may not be promised. */
static enum err check_sources(const struct reading *reading, const struct yaml_node *root)
{
    struct live_config *config = reading->config;
    const struct deployment *deployment = &config->deployment;
    uint64_t tools = UINT64_MAX, verbs = UINT64_MAX;
    live_config_bind(config, 0);
    for (uint32_t i = 0; i < deployment->n_models; i++) {
        tools &= live_tools(&config->sources[i]);
        verbs &= live_verbs(&config->sources[i], config->has_hook);
    }
    for (int tool = 0; tool < N_TOOLS; tool++) {
        if ((deployment->tools & ~tools & UINT64_C(1) << tool) != 0) {
            return yaml_error(reading->yaml, yaml_get(yaml_root(reading->yaml), "tools"),
                              reading->text,
                              "'tools': %s has no live source in this section; leave it out",
                              tool_name((enum tool)tool));
        }
    }
    for (int verb = 0; verb < N_VERBS; verb++) {
        if ((deployment->verbs & ~verbs & UINT64_C(1) << verb) != 0) {
            return yaml_error(reading->yaml, yaml_get(yaml_root(reading->yaml), "verbs"),
                              reading->text,
                              "'verbs': %s has no live adapter in this section; leave it out",
                              verb_name((enum verb)verb));
        }
    }
    /* What changes something is checked against fresh state and read back: without the tool it could only be promised. */
    for (int verb = 0; verb < N_VERBS && (deployment->tools >> TOOL_STATE & 1u) == 0; verb++) {
        if ((deployment->verbs >> verb & 1u) != 0 && verb_changes_state((enum verb)verb)) {
            return yaml_error(reading->yaml, yaml_get(yaml_root(reading->yaml), "verbs"),
                              reading->text,
                              "'verbs': %s needs the tool state, which 'tools' leaves out",
                              verb_name((enum verb)verb));
        }
    }
    if (deployment->llm.enabled && !config->has_llm && config->mode != LIVE_OBSERVE) {
        return refuse(reading, root, "llm", "is enabled in the deployment and has no server here");
    }
    return OK;
}

static enum err read_live(const struct reading *reading)
{
    static const char *const keys[] = {
        "mode",   "mind",     "policy", "state_dir", "sign_key_file", "listen", "prometheus",
        "mlflow", "models",   "hook",   "slack",     "otlp",          "llm",    "intake",
        "logins", "calendar", NULL};
    const struct yaml_node *root = NULL;
    TRY(yaml_need(reading->yaml, yaml_root(reading->yaml), "deployment", "live", &root,
                  reading->text));
    TRY(yaml_check_keys(reading->yaml, root, "live", keys, reading->text));
    TRY(read_basics(reading, root));
    TRY(read_listen(reading, root));
    TRY(read_prometheus(reading, root));
    TRY(read_mlflow(reading, root));
    TRY(read_models(reading, root));
    TRY(read_hook(reading, root));
    TRY(read_slack(reading, root));
    TRY(read_otlp(reading, root));
    TRY(read_llm(reading, root));
    TRY(read_intake(reading, root));
    TRY(read_logins(reading, root));
    TRY(read_calendar(reading, root));
    return check_sources(reading, root);
}

enum err live_config_parse(const char *name, struct slice bytes, bool read_secrets,
                           struct live_config *ret_config, struct err_text *ret_text)
{
    struct yaml *yaml = NULL;
    memset(ret_config, 0, sizeof(*ret_config));
    TRY(deployment_parse(name, bytes, &ret_config->deployment, ret_text));
    TRY(yaml_open(name, bytes, &yaml, ret_text));
    struct reading reading = {name, yaml, read_secrets, ret_config, ret_text};
    enum err err = read_live(&reading);
    yaml_close(yaml);
    return err;
}
