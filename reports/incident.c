/* SPDX-License-Identifier: Apache-2.0 */
/* One episode in detail: when the warden recorded what, and the story in words. */
#include <stdlib.h>
#include <string.h>

#include "core/formats/codec.h"
#include "core/types/names.h"
#include "reports/reader.h"
#include "reports/reports.h"

enum { RECORDS_MAX = 400, STORY_LINES_MAX = 160, STORY_LINE_BYTES_MAX = 240 };

struct log_entry {
    int64_t at;
    enum record_kind kind;
    enum verb verb;
};

struct incident_log {
    uint32_t n_entries, n_left_out, n_lines, n_lines_left_out;
    struct log_entry entries[RECORDS_MAX];
    char lines[STORY_LINES_MAX][STORY_LINE_BYTES_MAX];
    struct advice advice;
    struct effects effects;
};

enum err incident_log_open(struct incident_log **ret_log, struct err_text *ret_text)
{
    *ret_log = calloc(1, sizeof(**ret_log));
    return *ret_log != NULL ? OK : err_set(ret_text, ERR_INTERNAL, "report: out of memory");
}

void incident_log_close(struct incident_log *log) { free(log); }

void incident_log_effects(struct incident_log *log, int64_t at, const struct effects *effects)
{
    for (uint32_t i = 0; i < effects->n_effects; i++) {
        const struct effect *effect = &effects->items[i];
        if (effect->kind != EFFECT_RECORD) {
            continue;
        }
        if (log->n_entries == RECORDS_MAX) {
            log->n_left_out++;
            continue;
        }
        log->entries[log->n_entries++] =
            (struct log_entry){at, effect->record.kind, effect->record.verb};
    }
}

bool incident_log_frame(struct incident_log *log, int64_t at, struct slice outcome)
{
    bool is_read = codec_unpack_outcome((const uint8_t *)outcome.bytes, outcome.n_bytes,
                                        &log->advice, &log->effects);
    if (is_read) {
        incident_log_effects(log, at, &log->effects);
    }
    return is_read;
}

void incident_log_story(struct incident_log *log, struct slice lines)
{
    size_t begin = 0;
    for (size_t i = 0; i < lines.n_bytes; i++) {
        if (lines.bytes[i] != '\n') {
            continue;
        }
        if (log->n_lines < STORY_LINES_MAX) {
            struct text line;
            text_init(&line, log->lines[log->n_lines++], STORY_LINE_BYTES_MAX);
            text_put_slice(&line, (struct slice){lines.bytes + begin, i - begin});
        } else {
            log->n_lines_left_out++;
        }
        begin = i + 1;
    }
}

void incident_log_json(const struct incident_log *log, json_t *incident)
{
    json_t *records = json_array(), *story = json_array();
    for (uint32_t i = 0; i < log->n_entries; i++) {
        const struct log_entry *entry = &log->entries[i];
        json_t *one = json_object();
        set_json(one, "at_s", json_real((double)entry->at * 1e-9));
        set_json(one, "record", words_json(record_name(entry->kind)));
        set_json(one, "verb", words_json(verb_name(entry->verb)));
        (void)json_array_append_new(records, one); /* Out of memory: fewer points in one figure. */
    }
    for (uint32_t i = 0; i < log->n_lines; i++) {
        (void)json_array_append_new(story, words_json(log->lines[i])); /* Likewise. */
    }
    set_json(incident, "records", records);
    set_json(incident, "records_left_out", count_json(log->n_left_out));
    set_json(incident, "story", story);
    set_json(incident, "story_left_out", count_json(log->n_lines_left_out));
}
