/* SPDX-License-Identifier: Apache-2.0 */
/* A verdict sheet as one JSON object, and back. */
#include <string.h>

#include "core/types/names.h"
#include "reports/reader.h"
#include "reports/reports.h"

static json_t *time_json(int64_t at) { return at == NEVER ? json_null() : json_integer(at); }

static json_t *invariant_counts(const uint32_t *counts)
{
    json_t *object = json_object();
    for (int i = 0; i < N_INVARIANTS; i++) {
        if (counts[i] > 0) {
            set_json(object, invariant_name((enum invariant)i), count_json(counts[i]));
        }
    }
    return object;
}

json_t *verdict_json(const struct verdict_sheet *sheet, bool must_escalate)
{
    json_t *object = json_object();
    set_json(object, "true_incident", json_boolean(sheet->true_incident));
    set_json(object, "must_escalate", json_boolean(must_escalate));
    set_json(object, "on_ns", time_json(sheet->t_on));
    set_json(object, "obs_ns", time_json(sheet->t_obs));
    set_json(object, "det_ns", time_json(sheet->t_det));
    set_json(object, "eff_ns", time_json(sheet->t_eff));
    set_json(object, "rest_ns", time_json(sheet->t_rest));
    set_json(object, "horizon_ns", time_json(sheet->horizon));
    set_json(object, "missed", json_boolean(sheet->missed));
    set_json(object, "escalated", json_boolean(sheet->escalated));
    set_json(object, "correct", json_boolean(sheet->correct));
    set_json(object, "corrected_by_human", json_boolean(sheet->corrected_by_human));
    set_json(object, "interventions", count_json(sheet->interventions));
    set_json(object, "interruptions", count_json(sheet->interruptions));
    set_json(object, "human_ns", time_json(sheet->human_ns));
    set_json(object, "harmful_actions", count_json(sheet->harmful_actions));
    set_json(object, "false_actions", count_json(sheet->false_actions));
    set_json(object, "needless_pages", count_json(sheet->needless_pages));
    set_json(object, "bad_minutes", number_json(sheet->bad_minutes));
    set_json(object, "effects", count_json(sheet->effects));
    set_json(object, "records", count_json(sheet->records));
    set_json(object, "llm_calls", count_json(sheet->llm_calls));
    set_json(object, "cost_microusd", count_json(sheet->cost_microusd));
    set_json(object, "violations", count_json(sheet->n_violations));
    set_json(object, "opportunities", invariant_counts(sheet->occasions));
    set_json(object, "breaches", invariant_counts(sheet->breaches));
    json_t *kept = json_array();
    for (uint32_t i = 0; i < sheet->n_kept; i++) {
        const struct violation *violation = &sheet->violations[i];
        json_t *one = json_object();
        set_json(one, "invariant", words_json(invariant_name(violation->invariant)));
        set_json(one, "at_ns", time_json(violation->at));
        set_json(one, "why", words_json(violation->why));
        (void)json_array_append_new(kept, one); /* A list that is too short shows beside the count. */
    }
    set_json(object, "kept", kept);
    return object;
}

static int64_t parse_time(struct reader *reader, const json_t *json, const char *name)
{
    const json_t *value = json_object_get(json, name);
    if (json_is_null(value)) {
        return NEVER;
    }
    return (int64_t)read_count(reader, json, name);
}

static uint32_t parse_count(struct reader *reader, const json_t *json, const char *name)
{
    uint64_t count = read_count(reader, json, name);
    if (count > UINT32_MAX) {
        read_fails(reader, "is too large", name);
    }
    return (uint32_t)count;
}

static bool find_invariant(const char *name, enum invariant *ret_invariant)
{
    for (int i = 0; i < N_INVARIANTS; i++) {
        if (strcmp(name, invariant_name((enum invariant)i)) == 0) {
            *ret_invariant = (enum invariant)i;
            return true;
        }
    }
    return false;
}

static void parse_counts(struct reader *reader, const json_t *json, const char *name, uint32_t *counts)
{
    const json_t *object = read_object(reader, json, name);
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)object, key, value)
    {
        enum invariant invariant = INVARIANT_S01;
        if (!find_invariant(key, &invariant)) {
            read_fails(reader, "is no invariant", key);
            return;
        }
        counts[invariant] = parse_count(reader, object, key);
    }
}

static void parse_kept(struct reader *reader, const json_t *json, struct verdict_sheet *sheet)
{
    const json_t *kept = read_array(reader, json, "kept");
    if (json_array_size(kept) > VIOLATIONS_MAX) {
        read_fails(reader, "is too long", "kept");
        return;
    }
    for (size_t i = 0; i < json_array_size(kept); i++) {
        const json_t *one = json_array_get(kept, i);
        struct violation *violation = &sheet->violations[sheet->n_kept++];
        violation->at = parse_time(reader, one, "at_ns");
        if (!find_invariant(read_words(reader, one, "invariant"), &violation->invariant)) {
            read_fails(reader, "is no invariant", "invariant");
        }
        struct text why;
        text_init(&why, violation->why, sizeof(violation->why));
        text_put(&why, read_words(reader, one, "why"));
    }
}

bool verdict_parse(const json_t *json, struct verdict_sheet *ret_sheet, bool *ret_must_escalate)
{
    struct err_text text;
    struct reader reader = {"verdict", &text, OK};
    struct verdict_sheet sheet = {
        .true_incident = read_flag(&reader, json, "true_incident"),
        .t_on = parse_time(&reader, json, "on_ns"),
        .t_obs = parse_time(&reader, json, "obs_ns"),
        .t_det = parse_time(&reader, json, "det_ns"),
        .t_eff = parse_time(&reader, json, "eff_ns"),
        .t_rest = parse_time(&reader, json, "rest_ns"),
        .horizon = parse_time(&reader, json, "horizon_ns"),
        .missed = read_flag(&reader, json, "missed"),
        .escalated = read_flag(&reader, json, "escalated"),
        .correct = read_flag(&reader, json, "correct"),
        .corrected_by_human = read_flag(&reader, json, "corrected_by_human"),
        .interventions = parse_count(&reader, json, "interventions"),
        .interruptions = parse_count(&reader, json, "interruptions"),
        .human_ns = (int64_t)read_count(&reader, json, "human_ns"),
        .harmful_actions = parse_count(&reader, json, "harmful_actions"),
        .false_actions = parse_count(&reader, json, "false_actions"),
        .needless_pages = parse_count(&reader, json, "needless_pages"),
        .bad_minutes = read_number(&reader, json, "bad_minutes"),
        .effects = parse_count(&reader, json, "effects"),
        .records = parse_count(&reader, json, "records"),
        .llm_calls = parse_count(&reader, json, "llm_calls"),
        .cost_microusd = read_count(&reader, json, "cost_microusd"),
        .n_violations = parse_count(&reader, json, "violations"),
    };
    parse_counts(&reader, json, "opportunities", sheet.occasions);
    parse_counts(&reader, json, "breaches", sheet.breaches);
    parse_kept(&reader, json, &sheet);
    if (!(sheet.bad_minutes >= 0.0 && sheet.bad_minutes < 1e12)) {
        read_fails(&reader, "is not a span of time", "bad_minutes");
    }
    if (sheet.corrected_by_human && !sheet.correct) {
        read_fails(&reader, "is set of what is not correct", "corrected_by_human");
    }
    bool must_escalate = read_flag(&reader, json, "must_escalate");
    if (reader.err != OK) {
        return false;
    }
    *ret_sheet = sheet;
    *ret_must_escalate = must_escalate;
    return true;
}
