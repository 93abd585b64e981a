/* SPDX-License-Identifier: Apache-2.0 */
/* Reads campaign.json of a folder and has it checked against itself. */
#include "reports/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "reports/agree.h"
#include "reports/reader.h"

static json_t *copy(const json_t *value) { return json_deep_copy(value); }

static void put_as_said(struct source *source, const json_t *root)
{
    static const char *const extras[] = {"splits", "forks"};
    source->as_said = json_array();
    source->extra = json_object();
    for (size_t i = 0; agree_unchecked[i] != NULL; i++) {
        (void)json_array_append_new(source->as_said, words_json(agree_unchecked[i])); /* Words only. */
    }
    for (size_t i = 0; i < sizeof(extras) / sizeof(extras[0]); i++) {
        json_t *extra = json_object_get(root, extras[i]);
        if (extra != NULL && !json_is_null(extra)) {
            set_json(source->extra, extras[i], copy(extra));
        }
    }
}

enum err source_of_campaign(struct source *source, const json_t *root, struct err_text *ret_text)
{
    struct reader reader = {source->file, ret_text, OK};
    if (json_object_get(root, "report") == NULL) {
        return err_set(ret_text, ERR_DATA,
                       "%s: holds no sums for a report; run `steward sim --out` of this build",
                       source->file);
    }
    const json_t *report = read_object(&reader, root, "report");
    bool has_intervals = false;
    agree_campaign(&reader, root, report, &has_intervals);
    source->report = copy(report);
    source->ran = json_object();
    set_json(source->ran, "fingerprint", words_json(read_words(&reader, root, "fingerprint")));
    set_json(source->ran, "events", count_json(read_count(&reader, root, "events")));
    set_json(source->ran, "windows", count_json(read_count(&reader, root, "windows")));
    set_json(source->ran, "virtual_s", number_json(read_number(&reader, root, "virtual_s")));
    if (has_intervals) { /* Otherwise they are made from the families. */
        source->reductions = json_object();
        set_json(source->reductions, "manual", copy(json_object_get(root, "reduction")));
        set_json(source->reductions, "rules", copy(json_object_get(root, "reduction_vs_rules")));
    }
    put_as_said(source, root);
    source->audit = json_object();
    set_json(source->audit, "kind", words_json("campaign"));
    return reader.err;
}

static enum err open_campaign(struct source *source, struct err_text *ret_text)
{
    (void)snprintf(source->file, sizeof(source->file), "%s/campaign.json", source->path);
    FILE *stream = fopen(source->file, "rb");
    if (stream == NULL) {
        return err_set(ret_text, ERR_NO_INPUT, "%.300s: %s; `steward sim ... --out DIR` writes it",
                       source->file, strerror(errno));
    }
    json_error_t error;
    json_t *root = json_loadf(stream, JSON_REJECT_DUPLICATES, &error);
    (void)fclose(stream); /* Only read. */
    if (!json_is_object(root)) {
        json_decref(root);
        return err_set(ret_text, ERR_DATA, "%.300s:%d:%d: %s", source->file,
                       error.line > 0 ? error.line : 1, error.column > 0 ? error.column : 1,
                       root != NULL ? "not an object" : error.text);
    }
    enum err err = source_of_campaign(source, root, ret_text);
    json_decref(root);
    return err;
}

enum err source_open(const char *path, struct source *ret_source, struct err_text *ret_text)
{
    memset(ret_source, 0, sizeof(*ret_source));
    ret_source->path = path;
    struct stat status;
    if (stat(path, &status) != 0) {
        return err_set(ret_text, ERR_NO_INPUT, "%.400s: %s", path, strerror(errno));
    }
    if (strlen(path) + sizeof("/campaign.json") > sizeof(ret_source->file)) {
        return err_set(ret_text, ERR_NO_INPUT, "%.100s...: the path is too long", path);
    }
    if (S_ISDIR(status.st_mode)) {
        return open_campaign(ret_source, ret_text);
    }
    (void)snprintf(ret_source->file, sizeof(ret_source->file), "%s", path);
    return source_of_journal(ret_source, ret_text);
}

void source_close(struct source *source)
{
    json_decref(source->report);
    json_decref(source->ran);
    json_decref(source->reductions);
    json_decref(source->audit);
    json_decref(source->as_said);
    json_decref(source->extra);
}
