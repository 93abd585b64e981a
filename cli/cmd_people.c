/* SPDX-License-Identifier: Apache-2.0 */
/* steward status, approve, deny, halt, resume: what people do to a running steward, over its own HTTP. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "core/formats/secret.h"
#include "live/host/host.h"

enum { CONFIG, PERSON, JSON, N_OPTIONS };

static const struct option_entry options[N_OPTIONS] = {
    [CONFIG] = {"config", "FILE", "deployment file of the running steward; -c FILE is the same"},
    [PERSON] = {"as", "PERSON", "whose token to use; default: the first one that can be read"},
    [JSON] = {"json", NULL, "status as JSON"},
};

struct visitor {
    const char *verb;
    struct arguments arguments;
    struct live_config *config;
    struct http_once *once;
    struct http_request *request;
    char token[TOKEN_BYTES];
    struct err_text *text;
};

static enum err find_token(struct visitor *visitor)
{
    const struct live_config *config = visitor->config;
    const char *wanted = visitor->arguments.values[PERSON];
    enum err err = err_set(visitor->text, ERR_CONFIG, "%s: no such person under 'logins'",
                           visitor->arguments.values[CONFIG]);
    for (uint32_t i = 0; i < config->n_logins; i++) {
        const struct login *login = &config->logins[i];
        const char *name = config->deployment.people[login->person.value - 1].name;
        if (wanted != NULL && strcmp(wanted, name) != 0) {
            continue;
        }
        err = secret_read(login->token_file, visitor->token, sizeof(visitor->token), visitor->text);
        if (err == OK) {
            return OK;
        }
        err = ERR_CONFIG; /* However it cannot be read: the section logins names it. */
    }
    return err;
}

static enum err read_config(struct visitor *visitor)
{
    struct files *files = NULL;
    struct slice bytes = {"", 0};
    const char *path = visitor->arguments.values[CONFIG];
    TRY(files_open(&files, visitor->text));
    enum err err = files_read(files, path, &bytes, visitor->text);
    if (err == OK) {
        err = live_config_parse(path, bytes, false, visitor->config, visitor->text);
    }
    files_close(files);
    return err == OK ? find_token(visitor) : err;
}

/* A response with the status wanted; the rest is a failure in the server's own words. */
static enum err ask(struct visitor *visitor, enum http_method method, const char *path,
                    struct slice form, uint32_t wanted, struct http_response *ret_response)
{
    const struct live_config *config = visitor->config;
    struct endpoint endpoint = {.timeout_ns = 10 * NS_PER_S,
                                .auth = {.name = "Authorization", .secret = true}};
    bool is_v6 = strchr(config->address, ':') != NULL;
    (void)snprintf(endpoint.url, sizeof(endpoint.url), is_v6 ? "http://[%s]:%u" : "http://%s:%u",
                   config->address, config->port);
    (void)snprintf(endpoint.auth.value, sizeof(endpoint.auth.value), "Bearer %s", visitor->token);
    bool is_built = request_begin(visitor->request, method, &endpoint, path) &&
                    (method == HTTP_GET ||
                     request_body(visitor->request, "application/x-www-form-urlencoded", form));
    if (!is_built) {
        return err_set(visitor->text, ERR_INTERNAL, "the request does not fit");
    }
    http_once_ask(visitor->once, visitor->request, ret_response);
    if (ret_response->transport != HTTP_OK) {
        return err_set(visitor->text, ERR_UNAVAILABLE, "no steward answers at %s", endpoint.url);
    }
    if (ret_response->status != wanted) {
        enum err err = ret_response->status == 401   ? ERR_CONFIG
                       : ret_response->status >= 500 ? ERR_UNAVAILABLE
                                                     : ERR_DATA;
        const char *said = ret_response->body.bytes;
        size_t n_said = ret_response->body.n_bytes < 200 ? ret_response->body.n_bytes : 200;
        const char *end = n_said == 0 ? NULL : memchr(said, '\n', n_said);
        return err_set(visitor->text, err, "%s: %.*s", endpoint.url,
                       (int)(end == NULL ? n_said : (size_t)(end - said)), said);
    }
    return OK;
}

static enum err get_status(struct visitor *visitor, json_t **ret_status,
                           struct http_response *ret_response)
{
    TRY(ask(visitor, HTTP_GET, "/api/status", (struct slice){"", 0}, 200, ret_response));
    *ret_status = json_loadb(ret_response->body.bytes, ret_response->body.n_bytes,
                             JSON_REJECT_DUPLICATES, NULL);
    return *ret_status != NULL
               ? OK
               : err_set(visitor->text, ERR_DATA, "the answer is not that of a steward");
}

static const char *words_of(const json_t *object, const char *key)
{
    const char *words = json_string_value(json_object_get(object, key));
    return words == NULL ? "" : words;
}

static long long number_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static void print_status(const json_t *status)
{
    size_t i = 0;
    const json_t *entry = NULL;
    (void)printf("%s: mode %s%s, %lld events\n", words_of(status, "deployment"),
                 words_of(status, "mode"),
                 json_is_true(json_object_get(status, "halted")) ? ", HALTED" : "",
                 number_of(status, "events"));
    json_array_foreach(json_object_get(status, "approvals"), i, entry)
    {
        (void)printf("approval %lld waits (%lld of %lld, %lld s left): %s\n",
                     number_of(entry, "approval"), number_of(entry, "granted"),
                     number_of(entry, "quorum"), number_of(entry, "expires_in_s"),
                     words_of(entry, "action"));
    }
    json_array_foreach(json_object_get(status, "incidents"), i, entry)
    {
        (void)printf("incident %lld: %s, %s, cause %s\n", number_of(entry, "incident"),
                     words_of(entry, "model"), words_of(entry, "state"), words_of(entry, "cause"));
    }
}

static enum err show_status(struct visitor *visitor)
{
    struct http_response response;
    json_t *status = NULL;
    TRY(get_status(visitor, &status, &response));
    if (visitor->arguments.values[JSON] != NULL) {
        (void)fwrite(response.body.bytes, 1, response.body.n_bytes,
                     stdout); /* The end of the program looks. */
    } else {
        print_status(status);
    }
    json_decref(status);
    return OK;
}

static enum err post_act(struct visitor *visitor, const char *act, uint64_t number, const char *hash)
{
    char form[160];
    struct http_response response;
    (void)snprintf(form, sizeof(form), "act=%s&number=%llu&hash=%s", act,
                   (unsigned long long)number, hash);
    TRY(ask(visitor, HTTP_POST, "/api/act", slice_of(form), 202, &response));
    (void)printf("%s: kept\n", act);
    return OK;
}

/* The exact effect is shown, and the answer is bound to it. */
static enum err answer_request(struct visitor *visitor, uint64_t number)
{
    struct http_response response;
    json_t *status = NULL;
    const json_t *entry = NULL;
    size_t i = 0;
    char hash[33] = "";
    TRY(get_status(visitor, &status, &response));
    json_array_foreach(json_object_get(status, "approvals"), i, entry)
    {
        if ((uint64_t)number_of(entry, "approval") == number) {
            (void)snprintf(hash, sizeof(hash), "%s", words_of(entry, "hash"));
            (void)printf("%s: %s\n", visitor->verb, words_of(entry, "action"));
        }
    }
    json_decref(status);
    if (hash[0] == '\0') {
        return err_set(visitor->text, ERR_DATA, "no request %llu waits; see `steward status`",
                       (unsigned long long)number);
    }
    return post_act(visitor, visitor->verb, number, hash);
}

static enum err visit(struct visitor *visitor)
{
    const struct arguments *arguments = &visitor->arguments;
    bool is_answer = strcmp(visitor->verb, "approve") == 0 || strcmp(visitor->verb, "deny") == 0;
    uint64_t number = 0;
    if (arguments->values[CONFIG] == NULL || arguments->n_targets != (is_answer ? 1u : 0u)) {
        return err_set(visitor->text, ERR_USAGE, "wants -c FILE%s; see --help",
                       is_answer ? " and the number of a request" : "");
    }
    if (is_answer) {
        TRY(arguments_number(arguments->targets[0], "number", 1, UINT32_MAX, &number, visitor->text));
    }
    TRY(read_config(visitor));
    TRY(http_once_open(&visitor->once, visitor->text));
    if (strcmp(visitor->verb, "status") == 0) {
        return show_status(visitor);
    }
    return is_answer ? answer_request(visitor, number) : post_act(visitor, visitor->verb, 0, "");
}

static int run(const char *verb, const char *usage, const char *about, int argc, char **argv)
{
    struct err_text text;
    struct visitor visitor = {.verb = verb, .text = &text};
    expand_config_option(argc, argv);
    enum err err = arguments_parse(argc, argv, options, N_OPTIONS, &visitor.arguments, &text);
    if (err == OK && visitor.arguments.help) {
        print_help(usage, about, options, N_OPTIONS);
        return 0;
    }
    visitor.config = calloc(1, sizeof(*visitor.config));
    visitor.request = calloc(1, sizeof(*visitor.request));
    if (err == OK && (visitor.config == NULL || visitor.request == NULL)) {
        err = err_set(&text, ERR_INTERNAL, "out of memory");
    }
    if (err == OK) {
        err = visit(&visitor);
    }
    if (visitor.once != NULL) {
        http_once_close(visitor.once);
    }
    if (visitor.config != NULL) {
        live_config_wipe(visitor.config);
    }
    free(visitor.config);
    free(visitor.request);
    memset(visitor.token, 0, sizeof(visitor.token));
    return err == OK ? 0 : failed(verb, err, &text);
}

int cmd_status(int argc, char **argv)
{
    return run("status", "steward status -c FILE [options]",
               "What a running steward is doing and what waits for a person.", argc, argv);
}

int cmd_approve(int argc, char **argv)
{
    return run("approve", "steward approve NUMBER -c FILE [options]",
               "Approves one request. The exact effect is printed, and the approval is bound to it.",
               argc, argv);
}

int cmd_deny(int argc, char **argv)
{
    return run("deny", "steward deny NUMBER -c FILE [options]", "Denies one request.", argc, argv);
}

int cmd_halt(int argc, char **argv)
{
    return run("halt", "steward halt -c FILE [options]",
               "Stops every change at once, until a person resumes.", argc, argv);
}

int cmd_resume(int argc, char **argv)
{
    return run("resume", "steward resume -c FILE [options]", "Ends a halt. Only an operator may.",
               argc, argv);
}
