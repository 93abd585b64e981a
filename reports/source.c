/* SPDX-License-Identifier: Apache-2.0 */
/* Reads campaign.json of a folder and checks that its sums and its summary say the same. */
#include "reports/source.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "reports/reader.h"

static void agree(struct reader *reader, const char *name, uint64_t summary, uint64_t sums)
{
    if (reader->err == OK && summary != sums) {
        reader->err =
            err_set(reader->text, ERR_DATA, "%s: '%s' is %llu in the summary and %llu in the sums",
                    reader->path, name, (unsigned long long)summary, (unsigned long long)sums);
    }
}

/* A mean over the episodes; the summary has twelve digits of it. */
static void agree_mean(struct reader *reader, const char *name, double summary, double sums)
{
    if (reader->err == OK && !(fabs(summary - sums) <= 1e-9)) {
        reader->err =
            err_set(reader->text, ERR_DATA, "%s: '%s' is %g in the summary and %g in the sums",
                    reader->path, name, summary, sums);
    }
}

static void check_arm(struct reader *reader, const json_t *summary, const json_t *sums, uint64_t runs)
{
    static const char *const same[] = {"missed",         "harmful_actions", "false_actions",
                                       "needless_pages", "violations",      "llm_calls"};
    static const char *const means[][2] = {{"escalation_rate", "escalated"},
                                           {"autonomy_rate", "autonomous"},
                                           {"correct_rate", "correct"},
                                           {"corrected_by_human_rate", "corrected_by_human"},
                                           {"interventions_per_episode", "interventions"},
                                           {"interruptions_per_episode", "interruptions"}};
    agree(reader, "runs", runs, read_count(reader, sums, "episodes"));
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        agree(reader, same[i], read_count(reader, summary, same[i]),
              read_count(reader, sums, same[i]));
    }
    for (size_t i = 0; i < sizeof(means) / sizeof(means[0]); i++) {
        agree_mean(reader, means[i][0], read_number(reader, summary, means[i][0]),
                   (double)read_count(reader, sums, means[i][1]) / (double)runs);
    }
    const json_t *invariants = read_object(reader, sums, "invariants");
    const json_t *told = read_object(reader, summary, "invariants");
    const char *id = NULL;
    json_t *one = NULL;
    json_object_foreach((json_t *)invariants, id, one)
    {
        const json_t *other = read_object(reader, told, id);
        agree(reader, id, read_count(reader, other, "breaches"), read_count(reader, one, "breaches"));
        agree(reader, id, read_count(reader, other, "opportunities"),
              read_count(reader, one, "opportunities"));
    }
}

static json_t *copy(const json_t *value) { return json_deep_copy(value); }

enum err source_of_campaign(struct source *source, const json_t *root, struct err_text *ret_text)
{
    struct reader reader = {source->file, ret_text, OK};
    if (json_object_get(root, "report") == NULL) {
        return err_set(ret_text, ERR_DATA,
                       "%s: holds no sums for a report; run `steward sim --out` of this build",
                       source->file);
    }
    const json_t *report = read_object(&reader, root, "report");
    const json_t *arms = read_object(&reader, report, "arms"),
                 *summaries = read_object(&reader, root, "arms");
    const json_t *subject = read_object(&reader, report, "subject");
    uint64_t runs = read_count(&reader, root, "runs");
    agree(&reader, "runs", runs, read_count(&reader, subject, "runs"));
    agree(&reader, "seed", read_count(&reader, root, "seed"), read_count(&reader, subject, "seed"));
    agree(&reader, "arms", json_object_size(summaries), json_object_size(arms));
    const char *name = NULL;
    json_t *sums = NULL;
    json_object_foreach((json_t *)arms, name, sums)
    {
        check_arm(&reader, read_object(&reader, summaries, name), sums, runs);
    }
    source->report = copy(report);
    source->ran = json_object();
    set_json(source->ran, "fingerprint", words_json(read_words(&reader, root, "fingerprint")));
    set_json(source->ran, "events", count_json(read_count(&reader, root, "events")));
    set_json(source->ran, "windows", count_json(read_count(&reader, root, "windows")));
    set_json(source->ran, "virtual_s", number_json(read_number(&reader, root, "virtual_s")));
    source->reductions = json_object();
    static const char *const reductions[] = {"reduction", "reduction_vs_rules"};
    for (int i = 0; i < 2; i++) {
        const json_t *reduction = json_object_get(root, reductions[i]);
        if (reduction == NULL || !(json_is_null(reduction) || json_is_object(reduction))) {
            read_fails(&reader, "is neither null nor an object", reductions[i]);
        }
        set_json(source->reductions, i == 0 ? "manual" : "rules", copy(reduction));
    }
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
}
