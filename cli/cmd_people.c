/* SPDX-License-Identifier: Apache-2.0 */
/* steward status, approve, deny, halt, resume: what people do to a running steward, over its own HTTP. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "core/formats/secret.h"
#include "live/host/host.h"

enum { CONFIG, PERSON, JSON, N_OPTIONS };
enum { VERDICT_LOOKS = 50 }; /* 5 s. */

static const struct option_entry options[N_OPTIONS] = {
    [CONFIG] = {"config", "FILE", "deployment file of the running steward; -c FILE is the same"},
    [PERSON] = {"as", "PERSON",
                "whose token to use; default: the first that can be read of somebody who may"},
    [JSON] = {"json", NULL, "status as JSON"},
};

struct visitor {
    const char *verb;
    struct arguments arguments;
    struct live_config *config;
    struct http_once *once;
    struct http_request *request;
    char token[TOKEN_BYTES];
    bool rejected; /* By the warden, for this reason. */
    char reason[48];
    struct err_text *text;
};

/* What the warden wants of whoever asks for it; 0: nothing. Anybody may halt. */
static uint32_t role_for(const char *verb)
{
    bool is_answer = strcmp(verb, "approve") == 0 || strcmp(verb, "deny") == 0;
    return is_answer ? 1u << ROLE_APPROVER : strcmp(verb, "resume") == 0 ? 1u << ROLE_OPERATOR : 0;
}

/* The login of --as, or the first one that may do this and whose token can be read. */
static enum err find_token(struct visitor *visitor)
{
    const struct live_config *config = visitor->config;
    const char *wanted = visitor->arguments.values[PERSON];
    const char *path = visitor->arguments.values[CONFIG];
    uint32_t role = wanted == NULL ? role_for(visitor->verb) : 0;
    bool is_known = false;
    enum err err = ERR_CONFIG;
    for (uint32_t i = 0; i < config->n_logins; i++) {
        const struct login *login = &config->logins[i];
        const struct person_entry *person = &config->deployment.people[login->person.value - 1];
        bool is_right = wanted == NULL ? role == 0 || (person->roles & role) != 0
                                       : strcmp(wanted, person->name) == 0;
        if (!is_right) {
            continue;
        }
        is_known = true;
        err = secret_read(login->token_file, visitor->token, sizeof(visitor->token), visitor->text);
        if (err == OK) {
            return OK;
        }
        err = ERR_CONFIG; /* However it cannot be read: the section logins names it. */
    }
    if (is_known) {
        return err;
    }
    return wanted != NULL
               ? err_set(visitor->text, ERR_CONFIG, "%s: no such person under 'logins'", path)
               : err_set(visitor->text, ERR_CONFIG, "%s: nobody under 'logins' %s%s", path,
                         role == 0 ? "at all" : "has the role ",
                         role == 0                     ? ""
                         : role == 1u << ROLE_OPERATOR ? "operator"
                                                       : "approver");
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
        (void)printf("approval %lld-%s waits (%lld of %lld, %lld s left): %s\n",
                     number_of(entry, "approval"), words_of(entry, "code"),
                     number_of(entry, "granted"), number_of(entry, "quorum"),
                     number_of(entry, "expires_in_s"), words_of(entry, "action"));
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

/* What the warden said to what was kept under the number: OK and *ret_is_there once its step is done. */
static enum err look_for_verdict(struct visitor *visitor, uint64_t letter, bool *ret_is_there)
{
    struct http_response response;
    json_t *status = NULL;
    const json_t *entry = NULL;
    size_t i = 0;
    *ret_is_there = false;
    TRY(get_status(visitor, &status, &response));
    json_array_foreach(json_object_get(status, "verdicts"), i, entry)
    {
        if ((uint64_t)number_of(entry, "letter") == letter) {
            const char *reason = words_of(entry, "reason");
            *ret_is_there = true;
            visitor->rejected = reason[0] != '\0';
            (void)snprintf(visitor->reason, sizeof(visitor->reason), "%s", reason);
        }
    }
    json_decref(status);
    return OK;
}

static enum err wait_for_verdict(struct visitor *visitor, uint64_t letter)
{
    static const struct timespec pause = {0, 100 * 1000 * 1000};
    bool is_there = false;
    for (int i = 0; i < VERDICT_LOOKS; i++) {
        TRY(look_for_verdict(visitor, letter, &is_there));
        if (is_there) {
            return OK;
        }
        (void)nanosleep(&pause, NULL); /* Cut short, it looks earlier. */
    }
    return err_set(visitor->text, ERR_UNAVAILABLE,
                   "kept, but not taken up within 5 s; see `steward status`");
}

static enum err post_act(struct visitor *visitor, const char *act, uint64_t number,
                         const char *hash, const char *code)
{
    char form[192];
    struct http_response response;
    unsigned long long letter = 0;
    (void)snprintf(form, sizeof(form), "act=%s&number=%llu&hash=%s&code=%s", act,
                   (unsigned long long)number, hash, code);
    enum err err = ask(visitor, HTTP_POST, "/api/act", slice_of(form), 202, &response);
    if (err != OK && response.transport == HTTP_OK && response.status == 403) {
        visitor->rejected = true;
        (void)snprintf(visitor->reason, sizeof(visitor->reason), "approval_role");
        return OK;
    }
    TRY(err);
    char words[32];
    (void)snprintf(words, sizeof(words), "%.*s",
                   (int)(response.body.n_bytes < 31 ? response.body.n_bytes : 31),
                   response.body.bytes);
    if (sscanf(words, "kept %llu", &letter) != 1) {
        return err_set(visitor->text, ERR_DATA, "the answer is not that of a steward");
    }
    TRY(wait_for_verdict(visitor, letter));
    if (!visitor->rejected) {
        (void)printf("%s: done\n", act);
    }
    return OK;
}

/* The exact effect is shown, and only the request with the code that a person read is answered: numbers begin anew with every run. */
static enum err answer_request(struct visitor *visitor, uint64_t number, const char *code)
{
    struct http_response response;
    json_t *status = NULL;
    const json_t *entry = NULL;
    size_t i = 0;
    char hash[33] = "", own[16] = "";
    TRY(get_status(visitor, &status, &response));
    json_array_foreach(json_object_get(status, "approvals"), i, entry)
    {
        if ((uint64_t)number_of(entry, "approval") == number) {
            (void)snprintf(hash, sizeof(hash), "%s", words_of(entry, "hash"));
            (void)snprintf(own, sizeof(own), "%s", words_of(entry, "code"));
            (void)printf("%s %llu-%s: %s\n", visitor->verb, (unsigned long long)number, own,
                         words_of(entry, "action"));
        }
    }
    json_decref(status);
    if (hash[0] == '\0') {
        return err_set(visitor->text, ERR_DATA, "no request %llu waits; see `steward status`",
                       (unsigned long long)number);
    }
    if (code[0] == '\0') {
        return err_set(visitor->text, ERR_USAGE,
                       "nothing is sent: when this is what you mean, say `steward %s %llu-%s`",
                       visitor->verb, (unsigned long long)number, own);
    }
    if (strcmp(code, own) != 0) {
        return err_set(visitor->text, ERR_DATA,
                       "request %llu is not the one with the code %s any more; see `steward status`",
                       (unsigned long long)number, code);
    }
    return post_act(visitor, visitor->verb, number, hash, own);
}

/* "3-1a2b3c4d", or "3" to be shown what it is. */
static enum err read_request(struct visitor *visitor, uint64_t *ret_number, char ret_code[16])
{
    char number[24];
    const char *target = visitor->arguments.targets[0];
    const char *dash = strchr(target, '-');
    size_t n_bytes = dash == NULL ? strlen(target) : (size_t)(dash - target);
    (void)snprintf(number, sizeof(number), "%.*s", (int)(n_bytes < 23 ? n_bytes : 23), target);
    (void)snprintf(ret_code, 16, "%s", dash == NULL ? "" : dash + 1);
    if (dash != NULL && (strlen(dash + 1) != 8 || strspn(dash + 1, "0123456789abcdef") != 8)) {
        return err_set(visitor->text, ERR_USAGE,
                       "'%.40s': wants NUMBER-CODE as `steward status` says it", target);
    }
    return arguments_number(number, "number", 1, UINT32_MAX, ret_number, visitor->text);
}

static enum err visit(struct visitor *visitor)
{
    const struct arguments *arguments = &visitor->arguments;
    bool is_answer = strcmp(visitor->verb, "approve") == 0 || strcmp(visitor->verb, "deny") == 0;
    uint64_t number = 0;
    char code[16] = "";
    if (arguments->values[CONFIG] == NULL || arguments->n_targets != (is_answer ? 1u : 0u)) {
        return err_set(visitor->text, ERR_USAGE, "wants -c FILE%s; see --help",
                       is_answer ? " and a request, NUMBER-CODE" : "");
    }
    if (is_answer) {
        TRY(read_request(visitor, &number, code));
    }
    TRY(read_config(visitor));
    TRY(http_once_open(&visitor->once, visitor->text));
    if (strcmp(visitor->verb, "status") == 0) {
        return show_status(visitor);
    }
    return is_answer ? answer_request(visitor, number, code)
                     : post_act(visitor, visitor->verb, 0, "", "");
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
    if (err == OK && visitor.rejected) {
        (void)fprintf(stderr, "steward %s: rejected: %s\n", verb, visitor.reason);
        return 1;
    }
    return err == OK ? 0 : failed(verb, err, &text);
}

int cmd_status(int argc, char **argv)
{
    return run("status", "steward status -c FILE [options]",
               "What a running steward is doing and what waits for a person.", argc, argv);
}

int cmd_approve(int argc, char **argv)
{
    return run(
        "approve", "steward approve NUMBER-CODE -c FILE [options]",
        "Approves one request, NUMBER-CODE as `steward status` says it. The exact effect is printed, and the approval is bound to it.\nNUMBER alone only prints.",
        argc, argv);
}

int cmd_deny(int argc, char **argv)
{
    return run("deny", "steward deny NUMBER-CODE -c FILE [options]", "Denies one request.", argc,
               argv);
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
