/* SPDX-License-Identifier: Apache-2.0 */
/* Change events of others: who said that what changed when, in names of the deployment or not at all. */
#include "live/adapter/intake.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/formats/fingerprint.h"
#include "core/types/names.h"
#include "live/adapter/parts.h"

enum { KEY_BYTES = 1024, KIND_PREFIX = 15 };

static const char kind_prefix[] = "steward.change.";
_Static_assert(sizeof(kind_prefix) == KIND_PREFIX + 1, "length of the prefix");

/* Fixed width digits at a place. */
static bool digits_at(struct slice text, size_t at, size_t n, int64_t lo, int64_t hi,
                      int64_t *ret_value)
{
    return at + n <= text.n_bytes && text.bytes[at] != '-' &&
           slice_whole((struct slice){text.bytes + at, n}, lo, hi, ret_value);
}

static bool char_at(struct slice text, size_t at, char expected)
{
    return at < text.n_bytes && text.bytes[at] == expected;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2 ? 1 : 0;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool is_day(int64_t year, int64_t month, int64_t day)
{
    static const int64_t days[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[month - 1] && (month != 2 || is_leap || day <= 28);
}

/* "Z" or "+hh:mm" to the end of the text. */
static bool zone_parse(struct slice text, size_t at, int64_t *ret_offset_s)
{
    int64_t hours = 0, minutes = 0;
    if (at + 1 == text.n_bytes && (char_at(text, at, 'Z') || char_at(text, at, 'z'))) {
        *ret_offset_s = 0;
        return true;
    }
    bool is_signed = char_at(text, at, '+') || char_at(text, at, '-');
    if (!is_signed || at + 6 != text.n_bytes || !digits_at(text, at + 1, 2, 0, 23, &hours) ||
        !char_at(text, at + 3, ':') || !digits_at(text, at + 4, 2, 0, 59, &minutes)) {
        return false;
    }
    int64_t offset = hours * 3600 + minutes * 60;
    *ret_offset_s = text.bytes[at] == '-' ? -offset : offset;
    return true;
}

bool rfc3339_parse(struct slice text, int64_t *ret_unix_ns)
{
    int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offset_s = 0;
    bool has_t = char_at(text, 10, 'T') || char_at(text, 10, 't') || char_at(text, 10, ' ');
    bool is_date = digits_at(text, 0, 4, 1, 9999, &year) && char_at(text, 4, '-') &&
                   digits_at(text, 5, 2, 1, 12, &month) && char_at(text, 7, '-') &&
                   digits_at(text, 8, 2, 1, 31, &day) && has_t && is_day(year, month, day);
    bool is_time = digits_at(text, 11, 2, 0, 23, &hour) && char_at(text, 13, ':') &&
                   digits_at(text, 14, 2, 0, 59, &minute) && char_at(text, 16, ':') &&
                   digits_at(text, 17, 2, 0, 60, &second);
    if (!is_date || !is_time || year < 1970 || year > 2200) { /* int64 nanoseconds, less any epoch. */
        return false;
    }
    size_t at = 19;
    int64_t fraction = 0, unit = NS_PER_S / 10;
    if (char_at(text, at, '.')) {
        at++;
        size_t first = at;
        for (; at < text.n_bytes && text.bytes[at] >= '0' && text.bytes[at] <= '9'; at++) {
            fraction += (text.bytes[at] - '0') * unit;
            unit /= 10;
        }
        if (at == first) {
            return false;
        }
    }
    if (!zone_parse(text, at, &offset_s)) {
        return false;
    }
    int64_t seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    *ret_unix_ns = (seconds - offset_s) * NS_PER_S + fraction;
    return true;
}

static struct digest128 key_of(struct slice source, struct slice id, uint32_t output_i)
{
    char identity[KEY_BYTES];
    struct text text;
    text_init(&text, identity, sizeof(identity));
    struct digest128 digest = fingerprint_of(source.bytes, source.n_bytes);
    digest128_put(&text, digest);
    digest128_put(&text, fingerprint_of(id.bytes, id.n_bytes));
    text_put_u64(&text, output_i);
    return fingerprint_of(text.bytes, text.n_bytes);
}

static bool table_named(const struct deployment *deployment, struct slice name,
                        struct table_id *ret_table)
{
    for (uint32_t i = 0; i < deployment->n_tables; i++) {
        if (slice_is(name, deployment->tables[i].name)) {
            ret_table->value = (uint16_t)(i + 1);
            return true;
        }
    }
    return false;
}

static bool model_named(const struct deployment *deployment, struct slice name,
                        struct model_id *ret_model)
{
    for (uint32_t i = 0; i < deployment->n_models; i++) {
        if (slice_is(name, deployment->models[i].name)) {
            ret_model->value = (uint16_t)(i + 1);
            return true;
        }
    }
    return false;
}

static struct person_id person_named(const struct deployment *deployment, struct slice name)
{
    for (uint32_t i = 0; i < deployment->n_people; i++) {
        if (slice_is(name, deployment->people[i].name)) {
            return (struct person_id){(uint16_t)(i + 1)};
        }
    }
    return (struct person_id){0};
}

static bool kind_named(struct slice type, enum change_kind *ret_kind)
{
    if (type.n_bytes <= KIND_PREFIX || memcmp(type.bytes, kind_prefix, KIND_PREFIX) != 0) {
        return false;
    }
    struct slice word = {type.bytes + KIND_PREFIX, type.n_bytes - KIND_PREFIX};
    for (uint32_t i = 0; i < N_CHANGE_KINDS; i++) {
        if (slice_is(word, change_kind_name((enum change_kind)i))) {
            *ret_kind = (enum change_kind)i;
            return true;
        }
    }
    return false;
}

/* Time of the run; what lies ahead is now. */
static bool time_of(struct slice words, int64_t epoch_unix_ns, int64_t now_ns, int64_t *ret_at)
{
    int64_t unix_ns = 0;
    if (!rfc3339_parse(words, &unix_ns)) {
        return false;
    }
    int64_t at = unix_ns - epoch_unix_ns;
    *ret_at = at < now_ns ? at : now_ns;
    return true;
}

static bool versions_parse(const json_t *data, struct change *change)
{
    int64_t from = 0, to = 0;
    const json_t *before = json_object_get(data, "from"), *after = json_object_get(data, "to");
    if ((before != NULL && !value_whole(before, 0, UINT16_MAX, &from)) ||
        (after != NULL && !value_whole(after, 0, UINT16_MAX, &to))) {
        return false;
    }
    change->from.value = (uint16_t)from;
    change->to.value = (uint16_t)to;
    return true;
}

static const char *data_parse(const json_t *data, const struct deployment *deployment,
                              struct intake_change *entry)
{
    struct change *change = &entry->change;
    if (!json_is_object(data)) {
        return "data is not an object";
    }
    struct slice model = member_words(data, "model"), table = member_words(data, "table");
    if (model.n_bytes > 0 && !model_named(deployment, model, &change->model)) {
        return "model is not one of the deployment";
    }
    if (table.n_bytes > 0 && !table_named(deployment, table, &change->table)) {
        return "table is not one of the deployment";
    }
    bool is_of_table = change->kind == CHANGE_SCHEMA || change->kind == CHANGE_DATA;
    if (is_of_table ? change->table.value == 0 : change->model.value == 0) {
        return is_of_table ? "data lacks the table" : "data lacks the model";
    }
    if (!versions_parse(data, change)) {
        return "from or to is not a version number";
    }
    change->by = person_named(deployment, member_words(data, "by"));
    chars_clean(entry->note, sizeof(entry->note), member_words(data, "note"));
    entry->note_bytes = (uint32_t)strlen(entry->note);
    return NULL;
}

static const char *cloudevent_parse(const json_t *root, const struct deployment *deployment,
                                    int64_t epoch_unix_ns, int64_t now_ns, struct intake_batch *batch)
{
    struct slice id = member_words(root, "id"), source = member_words(root, "source");
    struct intake_change *entry = &batch->changes[0];
    if (!slice_is(member_words(root, "specversion"), "1.0") || id.n_bytes == 0 ||
        source.n_bytes == 0) {
        return "not a CloudEvent of version 1.0 with id and source";
    }
    if (!kind_named(member_words(root, "type"), &entry->change.kind)) {
        return "type is not steward.change.{model,config,image,schema,data}";
    }
    entry->change.at = now_ns;
    if (json_object_get(root, "time") != NULL &&
        !time_of(member_words(root, "time"), epoch_unix_ns, now_ns, &entry->change.at)) {
        return "time is not RFC 3339";
    }
    entry->key = key_of(source, id, 0);
    batch->n_changes = 1;
    return data_parse(json_object_get(root, "data"), deployment, entry);
}

static bool is_altered(const json_t *output)
{
    const json_t *facets = json_object_get(output, "facets");
    struct slice change =
        member_words(json_object_get(facets, "lifecycleStateChange"), "lifecycleStateChange");
    return slice_is(change, "ALTER") || slice_is(change, "RENAME");
}

static const char *openlineage_parse(const json_t *root, const struct deployment *deployment,
                                     int64_t epoch_unix_ns, int64_t now_ns,
                                     struct intake_batch *batch)
{
    struct slice run = member_words(json_object_get(root, "run"), "runId");
    const json_t *job = json_object_get(root, "job"), *outputs = json_object_get(root, "outputs");
    struct slice name = member_words(job, "name");
    int64_t at = 0;
    if (run.n_bytes == 0 || name.n_bytes == 0 ||
        !time_of(member_words(root, "eventTime"), epoch_unix_ns, now_ns, &at)) {
        return "not an OpenLineage run event with eventTime, run and job";
    }
    if (outputs != NULL && !json_is_array(outputs)) {
        return "outputs is not a list";
    }
    if (!slice_is(member_words(root, "eventType"), "COMPLETE")) {
        return NULL;
    }
    for (size_t i = 0; i < json_array_size(outputs) && batch->n_changes < INTAKE_CHANGES_MAX; i++) {
        const json_t *output = json_array_get(outputs, i);
        struct intake_change *entry = &batch->changes[batch->n_changes];
        if (!table_named(deployment, member_words(output, "name"), &entry->change.table)) {
            continue;
        }
        entry->change.kind = is_altered(output) ? CHANGE_SCHEMA : CHANGE_DATA;
        entry->change.at = at;
        entry->key = key_of(name, run, (uint32_t)i);
        chars_clean(entry->note, sizeof(entry->note), name);
        entry->note_bytes = (uint32_t)strlen(entry->note);
        batch->n_changes++;
    }
    return NULL;
}

static bool conclude(const char *wrong, struct intake_batch *batch,
                     char ret_error[EXCHANGE_ERROR_BYTES])
{
    if (wrong != NULL) {
        memset(batch, 0, sizeof(*batch));
    }
    struct text text;
    text_init(&text, ret_error, EXCHANGE_ERROR_BYTES);
    text_put(&text, wrong == NULL ? "" : wrong);
    return wrong == NULL;
}

bool intake_cloudevent_parse(struct slice body, const struct deployment *deployment,
                             int64_t epoch_unix_ns, int64_t now_ns, struct intake_batch *ret_batch,
                             char ret_error[EXCHANGE_ERROR_BYTES])
{
    memset(ret_batch, 0, sizeof(*ret_batch));
    json_t *root = object_open(body);
    const char *wrong = root == NULL
                            ? "the body is not one JSON object"
                            : cloudevent_parse(root, deployment, epoch_unix_ns, now_ns, ret_batch);
    json_decref(root);
    return conclude(wrong, ret_batch, ret_error);
}

bool intake_openlineage_parse(struct slice body, const struct deployment *deployment,
                              int64_t epoch_unix_ns, int64_t now_ns, struct intake_batch *ret_batch,
                              char ret_error[EXCHANGE_ERROR_BYTES])
{
    memset(ret_batch, 0, sizeof(*ret_batch));
    json_t *root = object_open(body);
    const char *wrong = root == NULL
                            ? "the body is not one JSON object"
                            : openlineage_parse(root, deployment, epoch_unix_ns, now_ns, ret_batch);
    json_decref(root);
    return conclude(wrong, ret_batch, ret_error);
}
