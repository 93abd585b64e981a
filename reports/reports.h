/* SPDX-License-Identifier: Apache-2.0 */
/* Door of reports: what a campaign or a journal found, as evidence.json, and everything else from that file alone. */
#ifndef REPORTS_REPORTS_H
#define REPORTS_REPORTS_H

#include <jansson.h>

#include "core/base/err.h"
#include "core/base/text.h"
#include "core/detect/evaluate.h"
#include "replay/note.h"
#include "sim/campaign/campaign.h"

/* Sums over the verdicts of a campaign: bounded however many episodes there are, and enough for every figure of a report. */
struct tally;
enum err tally_open(struct tally **ret_tally, struct err_text *ret_text) MUST_USE;
void tally_close(struct tally *tally);
/* In run order, all arms of a run one after the other. */
enum err tally_put(struct tally *tally, const struct verdict_told *told,
                   struct err_text *ret_text) MUST_USE;
/* The episode that is most worth telling: the first in which the most happened. False before any was put. */
bool tally_incident(const struct tally *tally, uint64_t *ret_run, uint64_t *ret_seed);
/* Members "arms", "families" and "incident"; NULL when out of memory. */
json_t *tally_json(struct tally *tally);

/* Records and story of one episode, told frame by frame. */
struct incident_log;
enum err incident_log_open(struct incident_log **ret_log, struct err_text *ret_text) MUST_USE;
void incident_log_close(struct incident_log *log);
/* Packed advice and effects of a frame. False when they are not that. */
bool incident_log_frame(struct incident_log *log, int64_t at, struct slice outcome);
/* The same from what was unpacked already. */
void incident_log_effects(struct incident_log *log, int64_t at, const struct effects *effects);
void incident_log_story(struct incident_log *log, struct slice lines);
/* Sets members "records" and "story" of an incident. */
void incident_log_json(const struct incident_log *log, json_t *incident);

/* A verdict as JSON for the journal's table of truth, and back; what is read is checked. */
json_t *verdict_json(const struct verdict_sheet *sheet, bool must_escalate);
bool verdict_parse(const json_t *json, struct verdict_sheet *ret_sheet, bool *ret_must_escalate);

/* The targets that were set before any run, as campaign.json carries them. */
json_t *report_targets(void);
/* What was run, as campaign.json carries it; words that are not UTF-8 are replaced. */
struct report_subject {
    const char *title, *mind, *llm, *policy, *deployment;
    uint64_t seed, runs;
    double must_escalate_share; /* Of the mix, by its weights. */
    const char *const *targets;
    uint32_t n_targets;
    const struct suite *suite; /* Tells the order in which families are resampled; NULL: not known. */
};
json_t *report_subject_json(const struct report_subject *subject);

enum { REPORT_INPUTS_MAX = 8 };
struct report_request {
    /* Folders that `steward sim --out` wrote, or a journal. The first is the subject, the others the same seeds with other minds. */
    const char *inputs[REPORT_INPUTS_MAX];
    uint32_t n_inputs;
    const char *out;
    bool pdf; /* report.pdf too; ERR_UNAVAILABLE without weasyprint. */
    struct slice secret_key; /* PRIVATE+KEY+...: SHA256SUMS and SHA256SUMS.note too, and the page is no draft. Empty: a draft. */
};
/* Writes evidence.json, report.html, junit.xml and figures/ into out, which is made when it is absent. Damaged input is ERR_DATA, no
 * gnuplot ERR_UNAVAILABLE, a folder that cannot be written, or that holds something and no evidence.json of a report, ERR_CANNOT_WRITE; nothing
 * half-written stays. */
enum err report_write(const struct report_request *request, struct err_text *ret_text) MUST_USE;

struct report_seal {
    struct note_key key; /* Whose signature it is. */
    bool is_own_key;     /* Only the report itself says so. */
    uint64_t n_files;
};
/* That the files in folder are those that were signed: the note, SHA256SUMS, each file in it, and nothing else in the folder or below it. key NULL:
 * the one that the report names. What does not fit, is missing or was added is ERR_DATA and named; a folder with neither note nor SHA256SUMS
 * ERR_NO_INPUT. */
enum err report_seal_verify(const char *folder, const struct note_key *key,
                            struct report_seal *ret_seal, struct err_text *ret_text) MUST_USE;

/* A stream with what a detector said about it, for one picture. Borrowed; the arrays hold n values, NaN where a row had no number. */
struct stream_plot {
    const char *detector, *column;
    uint64_t n;
    const double *values, *statistics;
    double threshold;                  /* Of the statistic; NaN: none that is fixed. */
    bool is_two_sided;                 /* Minus the threshold alarms as well. */
    const uint64_t *alarms, *warnings; /* Rows, ascending. */
    uint64_t n_alarms, n_warnings;
    const struct episode *episodes; /* Real changes, if they are known. */
    uint64_t n_episodes;
};
/* Writes an SVG file whole or not at all. No gnuplot is ERR_UNAVAILABLE, a file that cannot be written ERR_CANNOT_WRITE. */
enum err report_stream_plot(const struct stream_plot *plot, const char *path,
                            struct err_text *ret_text) MUST_USE;

#endif
