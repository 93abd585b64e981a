/* SPDX-License-Identifier: Apache-2.0 */
/* The alias moved: read, set once, tagged, read back. A set whose answer is lost is looked for and never sent a second time.
 *
 * A read may be stale: it shows a state of before. The key once seen was set once, however old the read; the alias may have gone elsewhere and
 * come back. So the key alone is believed at once, and an alias that shows the target is believed when two reads in a row, LOOK_NS apart, agree. */
#include <string.h>

#include "core/base/assert.h"
#include "live/adapter/mlflow.h"
#include "live/adapter/parts.h"

#define LAST_SET_NS                                                                                \
    (45 * NS_PER_S) /* After the begin; the set's own timeout ends before the warden's minute is over. */
#define LOOK_NS                                                                                    \
    (2 * NS_PER_S) /* Between two looks at a registry that may not show its newest state. */
#define REQUEST_TIMEOUT_NS (10 * NS_PER_S)

enum { TRIES_MAX = 3, LOOKS_MAX = 3, FIRST_LOOKS_MAX = 4, CHANGE_BYTES = 512 };
enum { STEP_READ, STEP_SET, STEP_TAG_KEY, STEP_TAG_ACTION, STEP_TAG_TIME, STEP_READ_BACK };

static const char what[] = "mlflow alias";

static void put_field(struct text *text, const char *name, struct slice value, bool is_last)
{
    put_member(text, name);
    put_json(text, value);
    text_put_char(text, is_last ? '}' : ',');
}

static struct slice written(const struct text *text)
{
    return (struct slice){text->bytes, text->n_bytes};
}

static bool set_request(const struct registry_source *source, struct version_id target,
                        struct http_request *request)
{
    char body[CHANGE_BYTES], number[8];
    struct text text, version;
    text_init(&text, body, sizeof(body));
    text_init(&version, number, sizeof(number));
    text_put_u64(&version, target.value);
    text_put_char(&text, '{');
    put_field(&text, "name", slice_of(source->model), false);
    put_field(&text, "alias", slice_of(source->alias), false);
    put_field(&text, "version", written(&version), true);
    return !text.truncated &&
           request_begin(request, HTTP_POST, &source->endpoint,
                         "/api/2.0/mlflow/registered-models/alias") &&
           request_body(request, "application/json", written(&text));
}

/* version 0: a tag of the model. */
static bool tag_request(const struct registry_source *source, struct version_id version,
                        const char *key, struct slice value, struct http_request *request)
{
    char body[CHANGE_BYTES], number[8];
    struct text text, digits;
    text_init(&text, body, sizeof(body));
    text_init(&digits, number, sizeof(number));
    text_put_u64(&digits, version.value);
    text_put_char(&text, '{');
    put_field(&text, "name", slice_of(source->model), false);
    if (version.value != 0) {
        put_field(&text, "version", written(&digits), false);
    }
    put_field(&text, "key", slice_of(key), false);
    put_field(&text, "value", value, true);
    return !text.truncated &&
           request_begin(request, HTTP_POST, &source->endpoint,
                         version.value == 0 ? "/api/2.0/mlflow/registered-models/set-tag"
                                            : "/api/2.0/mlflow/model-versions/set-tag") &&
           request_body(request, "application/json", written(&text));
}

static bool identify(struct http_request *request, struct action_id action, struct digest128 key)
{
    char number[16], hex[40];
    struct text text;
    text_init(&text, number, sizeof(number));
    text_put_u64(&text, action.value);
    bool fits = request_header(request, "X-Steward-Action", written(&text), false);
    text_init(&text, hex, sizeof(hex));
    digest128_put(&text, key);
    return fits && request_header(request, "Idempotency-Key", written(&text), false);
}

static bool step_request(struct alias_move *move, int64_t now_ns, struct http_request *request)
{
    char value[40];
    struct text text;
    text_init(&text, value, sizeof(value));
    const struct version_id model_itself = {0};
    bool fits = false;
    switch (move->step) {
    case STEP_SET:
        fits = set_request(move->source, move->target, request);
        break;
    case STEP_TAG_KEY:
        digest128_put(&text, move->key);
        fits = tag_request(move->source, model_itself, "steward.key", written(&text), request);
        break;
    case STEP_TAG_ACTION:
        text_put_u64(&text, move->action.value);
        fits = tag_request(move->source, move->target, "steward.action", written(&text), request);
        break;
    case STEP_TAG_TIME:
        text_put_i64(&text, (move->source->epoch_unix_ns + now_ns) / NS_PER_S);
        fits =
            tag_request(move->source, move->target, "steward.deployed_at", written(&text), request);
        break;
    default:
        fits = mlflow_read_registered(request, move->source);
        break;
    }
    request->timeout_ns =
        request->timeout_ns < REQUEST_TIMEOUT_NS ? request->timeout_ns : REQUEST_TIMEOUT_NS;
    return fits && identify(request, move->action, move->key);
}

static enum exchange_next move_end(struct alias_move *move, enum outcome_status status,
                                   enum exchange_next next)
{
    move->status = status;
    return exchange_to(&move->exchange, next);
}

static enum exchange_next move_send(struct alias_move *move, int64_t now_ns,
                                    struct http_request *ret_request)
{
    if (move->step == STEP_SET && now_ns > move->begun_at + LAST_SET_NS) {
        (void)exchange_fail(&move->exchange, what, "too late to begin"); /* The status is set below. */
        return move_end(move, OUTCOME_FAILED, EXCHANGE_FAILED);
    }
    if (!step_request(move, now_ns, ret_request)) {
        (void)exchange_fail(&move->exchange, what, "the request does not fit");
        return move_end(move, move->sent ? OUTCOME_UNKNOWN : OUTCOME_FAILED, EXCHANGE_FAILED);
    }
    move->sent = move->sent || move->step == STEP_SET;
    return exchange_to(&move->exchange, EXCHANGE_SEND);
}

static enum exchange_next move_next(struct alias_move *move, uint32_t step, int64_t now_ns,
                                    struct http_request *ret_request)
{
    move->step = step;
    move->exchange.tries = 1;
    return move_send(move, now_ns, ret_request);
}

enum exchange_next alias_move_begin(struct alias_move *move, const struct registry_source *source,
                                    const struct act_effect *act, struct version_id target,
                                    int64_t now_ns, struct http_request *ret_request)
{
    ASSERT(target.value != 0);
    memset(move, 0, sizeof(*move));
    move->source = source;
    move->action = act->action;
    move->key = act->key;
    move->target = target;
    move->begun_at = now_ns;
    return move_next(move, STEP_READ, now_ns, ret_request);
}

/* Before the set: nothing was sent, so whatever fails at the first look has changed nothing. After a look that showed the target
 * an earlier attempt may have been applied, and what fails then is not known. */
static enum exchange_next take_first_read(struct alias_move *move, int64_t now_ns,
                                          const struct http_response *response,
                                          enum mlflow_error error, struct http_request *ret_request)
{
    struct registered registered = {0};
    bool is_again = move->looks > 0;
    move->status = is_again ? OUTCOME_UNKNOWN : OUTCOME_FAILED;
    if (error == MLFLOW_BUSY) {
        return exchange_again(&move->exchange, what, response, TRIES_MAX, now_ns);
    }
    if (error != MLFLOW_NONE || !registered_parse(response->body, move->source->alias, &registered)) {
        (void)exchange_fail(&move->exchange, what,
                            error == MLFLOW_NONE ? "not an answer of its API"
                                                 : mlflow_error_name(error));
        return move_end(move, move->status, EXCHANGE_FAILED);
    }
    bool is_there = registered.alias.value == move->target.value;
    bool is_spent = registered.key.hi == move->key.hi && registered.key.lo == move->key.lo;
    bool agrees = is_again && is_there == move->was_there;
    move->before = registered.alias;
    if (is_spent ||
        (is_there &&
         agrees)) { /* A key is applied once; whether its state still stands, the read-back will say. */
        return move_end(move, OUTCOME_DONE, EXCHANGE_DONE);
    }
    if (!is_there && (!is_again || agrees)) {
        move->looks = 0;
        return move_next(move, STEP_SET, now_ns, ret_request);
    }
    if (++move->looks == FIRST_LOOKS_MAX) {
        (void)exchange_fail(&move->exchange, what, "two reads in a row never agree");
        return move_end(move, OUTCOME_UNKNOWN, EXCHANGE_FAILED);
    }
    move->was_there = is_there;
    move->exchange.tries = 1;
    move->exchange.wait_until = now_ns + LOOK_NS;
    return exchange_to(&move->exchange, EXCHANGE_WAIT);
}

static enum exchange_next take_set(struct alias_move *move, int64_t now_ns,
                                   const struct http_response *response, enum mlflow_error error,
                                   struct http_request *ret_request)
{
    bool is_declined = response->transport == HTTP_OK && error == MLFLOW_BUSY &&
                       (response->status == 429 || response->status == 503) &&
                       response_is_json(response);
    if (is_declined) { /* The server itself says that it did not begin. */
        move->status = OUTCOME_FAILED;
        return exchange_again(&move->exchange, what, response, TRIES_MAX, now_ns);
    }
    if (error == MLFLOW_NONE) {
        move->confirmed = true;
        move->changed = true;
        return move_next(move, STEP_TAG_KEY, now_ns, ret_request);
    }
    if (error == MLFLOW_BUSY || error == MLFLOW_MALFORMED) {
        exchange_complain(&move->exchange, what, response);
        move->step = STEP_READ_BACK; /* Nobody knows: it may still be applied. */
        move->exchange.tries = 1;
        move->exchange.wait_until = now_ns + LOOK_NS;
        return exchange_to(&move->exchange, EXCHANGE_WAIT);
    }
    (void)exchange_fail(&move->exchange, what, mlflow_error_name(error));
    return move_end(move, OUTCOME_FAILED, EXCHANGE_FAILED);
}

static enum exchange_next take_read_back(struct alias_move *move, int64_t now_ns,
                                         const struct http_response *response,
                                         enum mlflow_error error, struct http_request *ret_request)
{
    struct registered registered = {0};
    bool is_read =
        error == MLFLOW_NONE && registered_parse(response->body, move->source->alias, &registered);
    if (is_read && registered.alias.value == move->target.value) {
        if (!move->changed) { /* Found: the lost set went through, and its tags are still missing. */
            move->changed = true;
            return move_next(move, STEP_TAG_KEY, now_ns, ret_request);
        }
        move->exchange.error[0] = '\0';
        return move_end(move, OUTCOME_DONE, EXCHANGE_DONE);
    }
    if (++move->looks < LOOKS_MAX) {
        move->exchange.wait_until = now_ns + LOOK_NS;
        return exchange_to(&move->exchange, EXCHANGE_WAIT);
    }
    (void)exchange_fail(&move->exchange, what,
                        is_read ? "reads back as another version" : "cannot be read back");
    return move_end(move, OUTCOME_UNKNOWN, EXCHANGE_FAILED);
}

enum exchange_next alias_move_take(struct alias_move *move, int64_t now_ns,
                                   const struct http_response *response,
                                   struct http_request *ret_request)
{
    enum mlflow_error error = mlflow_judge(response);
    switch (move->step) {
    case STEP_READ:
        return take_first_read(move, now_ns, response, error, ret_request);
    case STEP_SET:
        return take_set(move, now_ns, response, error, ret_request);
    case STEP_READ_BACK:
        return take_read_back(move, now_ns, response, error, ret_request);
    default: /* Tags help the next reader; without them the change stands all the same. */
        return move_next(move, move->step + 1, now_ns, ret_request);
    }
}

enum exchange_next alias_move_timer(struct alias_move *move, int64_t now_ns,
                                    struct http_request *ret_request)
{
    enum exchange_next next = EXCHANGE_DONE;
    if (exchange_is_early(&move->exchange, now_ns, &next)) {
        return next;
    }
    return move_send(move, now_ns, ret_request);
}

bool alias_move_preview(const struct registry_source *source, const struct act_effect *act,
                        struct version_id target, struct http_request *ret_request)
{
    return set_request(source, target, ret_request) && identify(ret_request, act->action, act->key);
}
