/* SPDX-License-Identifier: Apache-2.0 */
/* Strict parser of LLM replies. Bytes are judged before the JSON parser sees them; afterwards every
 * member is either known, typed and in range, or the whole reply is refused. */
#include "core/formats/reply.h"

#include <string.h>

#include <jansson.h>

#include "core/types/names.h"

enum {
    CONFIDENCE_MAX = 100,
};

static bool is_control(const uint8_t *bytes, size_t length)
{
    bool is_space = bytes[0] == '\t' || bytes[0] == '\n' || bytes[0] == '\r';
    bool is_c0 = bytes[0] < 0x20 || bytes[0] == 0x7f;
    bool is_c1 = length == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0;
    return (is_c0 && !is_space) || is_c1;
}

static bool is_clean_text(struct slice raw)
{
    const uint8_t *bytes = (const uint8_t *)raw.bytes;
    size_t at = 0;
    while (at < raw.n_bytes) {
        size_t length = utf8_length(bytes + at, raw.n_bytes - at);
        if (length == 0 || is_control(bytes + at, length)) {
            return false;
        }
        at += length;
    }
    return true;
}

static struct slice string_of(const json_t *value)
{
    return (struct slice){.bytes = json_string_value(value), .n_bytes = json_string_length(value)};
}

/* Integer in lo .. hi. */
static bool integer_within(const json_t *value, json_int_t lo, json_int_t hi, json_int_t *ret_value)
{
    if (!json_is_integer(value) || json_integer_value(value) < lo || json_integer_value(value) > hi) {
        return false;
    }
    *ret_value = json_integer_value(value);
    return true;
}

/* {"action": word, "version": number, "subject": digits}; only the action is required. */
static bool suggestion_parse(const json_t *suggestion, struct llm_claim *claim)
{
    const json_t *action = json_object_get(suggestion, "action");
    const json_t *version = json_object_get(suggestion, "version");
    const json_t *subject = json_object_get(suggestion, "subject");
    size_t n_known =
        (action != NULL ? 1u : 0u) + (version != NULL ? 1u : 0u) + (subject != NULL ? 1u : 0u);
    if (!json_is_string(action) || json_object_size(suggestion) != n_known) {
        return false;
    }
    if (!verb_find(string_of(action), &claim->verb)) {
        return false;
    }
    json_int_t number = 0;
    if (version != NULL && !integer_within(version, 0, UINT16_MAX, &number)) {
        return false;
    }
    if (subject != NULL &&
        (!json_is_string(subject) || !digest128_parse(string_of(subject), &claim->subject))) {
        return false;
    }
    claim->target.value = (uint16_t)number;
    claim->suggests = true;
    return true;
}

/* Ids that cannot exist do not spoil the shape: they are counted apart. */
static bool citations_parse(const json_t *evidence, uint64_t newest_evidence,
                            struct llm_claim *claim, uint32_t *n_impossible)
{
    if (!json_is_array(evidence) || json_array_size(evidence) > EVIDENCE_CITED_MAX) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(evidence); i++) {
        const json_t *id = json_array_get(evidence, i);
        if (!json_is_integer(id)) {
            return false;
        }
        json_int_t value = json_integer_value(id);
        if (value < 1 || (uint64_t)value > newest_evidence) {
            (*n_impossible)++;
            continue;
        }
        claim->cited[claim->n_cited++].value = (uint64_t)value;
    }
    return true;
}

static bool claim_parse(const json_t *hypothesis, uint64_t newest_evidence, struct llm_claim *claim,
                        uint32_t *n_impossible)
{
    const json_t *cause = json_object_get(hypothesis, "cause");
    const json_t *confidence = json_object_get(hypothesis, "confidence");
    const json_t *evidence = json_object_get(hypothesis, "evidence");
    const json_t *suggestion = json_object_get(hypothesis, "suggestion");
    size_t n_members = suggestion == NULL ? 3 : 4;
    if (!json_is_object(hypothesis) || json_object_size(hypothesis) != n_members) {
        return false;
    }
    json_int_t percent = 0;
    if (!json_is_string(cause) || !cause_find(string_of(cause), &claim->cause) ||
        !integer_within(confidence, 0, CONFIDENCE_MAX, &percent)) {
        return false;
    }
    claim->confidence_pct = (uint32_t)percent;
    if (!citations_parse(evidence, newest_evidence, claim, n_impossible)) {
        return false;
    }
    return suggestion == NULL || suggestion_parse(suggestion, claim);
}

static enum reply_verdict object_parse(const json_t *root, uint64_t newest_evidence,
                                       struct reply *reply)
{
    if (json_object_size(root) == 0) {
        return REPLY_REFUSAL;
    }
    if (json_object_size(root) != 1) {
        return REPLY_SCHEMA;
    }
    if (json_is_string(json_object_get(root, "refusal"))) {
        return REPLY_REFUSAL;
    }
    const json_t *hypotheses = json_object_get(root, "hypotheses");
    size_t n_hypotheses = json_array_size(hypotheses); /* 0 when it is no array. */
    if (n_hypotheses < 1 || n_hypotheses > CLAIMS_MAX) {
        return REPLY_SCHEMA;
    }
    uint32_t n_impossible = 0;
    for (size_t i = 0; i < n_hypotheses; i++) {
        if (!claim_parse(json_array_get(hypotheses, i), newest_evidence, &reply->claims[i],
                         &n_impossible)) {
            return REPLY_SCHEMA;
        }
    }
    reply->n_claims = (uint32_t)n_hypotheses;
    return n_impossible > 0 ? REPLY_CITATION : REPLY_VALID;
}

static enum reply_verdict bytes_parse(struct slice raw, uint64_t newest_evidence, struct reply *reply)
{
    if (raw.n_bytes == 0) {
        return REPLY_TRANSPORT;
    }
    if (raw.n_bytes > REPLY_BYTES_MAX) {
        return REPLY_OVERSIZE;
    }
    if (!is_clean_text(raw)) {
        return REPLY_ENCODING;
    }
    json_error_t error;
    json_t *root = json_loadb(raw.bytes, raw.n_bytes, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        /* A repeated member is well-formed JSON that two readers would read differently. */
        return json_error_code(&error) == json_error_duplicate_key ? REPLY_SCHEMA : REPLY_SYNTAX;
    }
    enum reply_verdict verdict =
        json_is_object(root) ? object_parse(root, newest_evidence, reply) : REPLY_SYNTAX;
    json_decref(root);
    return verdict;
}

void reply_parse(struct slice raw, uint64_t newest_evidence, struct reply *ret_reply)
{
    memset(ret_reply, 0, sizeof(*ret_reply));
    enum reply_verdict verdict = bytes_parse(raw, newest_evidence, ret_reply);
    if (verdict != REPLY_VALID) {
        memset(ret_reply, 0, sizeof(*ret_reply));
    }
    ret_reply->verdict = verdict;
}
