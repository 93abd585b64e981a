/* SPDX-License-Identifier: Apache-2.0 */
/* What a campaign leaves on the disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/out.h"
#include "cli/summary.h"

enum err out_make(const char *folder, uint32_t *ret_n_made, struct err_text *ret_text)
{
    char path[PATH_BYTES];
    *ret_n_made = 0;
    if (strlen(folder) + sizeof("/campaign.json.partial") > sizeof(path)) {
        return err_set(ret_text, ERR_CANNOT_WRITE, "option --out: the path is too long");
    }
    (void)snprintf(path, sizeof(path), "%s", folder);
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            *ret_n_made += mkdir(path, 0777) == 0 ? 1 : 0; /* It may be there; the last one tells. */
            *at = '/';
        }
    }
    if (mkdir(path, 0777) == 0) {
        ++*ret_n_made;
        return OK;
    }
    int reason = errno;
    struct stat status;
    if (reason == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return OK;
    }
    out_unmake(folder, *ret_n_made);
    return err_set(ret_text, ERR_CANNOT_WRITE, "%s: cannot be made: %s", folder, strerror(reason));
}

void out_unmake(const char *folder, uint32_t n_made)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s", folder);
    for (char *end = path; n_made > 0 && end != NULL;) {
        n_made -= rmdir(path) == 0 ? 1 : 0; /* What others put there stays. */
        end = strrchr(path, '/');
        if (end != NULL) {
            *end = '\0';
        }
    }
}

static enum err told_frame(void *self, const struct frame_bytes *frame)
{
    return incident_log_frame(self, frame->at, frame->outcome) ? OK : ERR_INTERNAL;
}

static enum err told_story(void *self, struct slice lines)
{
    incident_log_story(self, lines);
    return OK;
}

/* Runs the episode that is most worth telling once more, in its first arm, and keeps its records and its story. */
static enum err tell_incident(const struct out *out, json_t *report, struct err_text *ret_text)
{
    uint64_t run = 0, seed = 0;
    json_t *incident = json_object_get(report, "incident");
    if (!tally_incident(out->tally, &run, &seed)) {
        return OK;
    }
    struct incident_log *log = NULL;
    struct campaign_result *result = malloc(sizeof(*result));
    enum err err = result == NULL ? err_set(ret_text, ERR_INTERNAL, "out of memory")
                                  : incident_log_open(&log, ret_text);
    if (err == OK) {
        struct campaign_request request = *out->request;
        request.seed = seed;
        request.runs = 1;
        request.jobs = 1;
        bool is_first = true;
        for (int arm = 0; arm < N_ARMS; arm++) {
            request.arms[arm] = request.arms[arm] && is_first;
            is_first = is_first && !request.arms[arm];
        }
        request.journal = (struct journal_port){.self = log, .put = told_frame};
        request.trace = (struct trace_port){.self = log, .put = told_story};
        request.progress = (struct progress_port){0};
        request.verdicts = (struct verdict_port){0};
        err = campaign_run(&request, NULL, result, ret_text);
    }
    if (err == OK) {
        incident_log_json(log, incident);
    }
    if (log != NULL) {
        incident_log_close(log);
    }
    free(result);
    return err;
}

static double must_escalate_share(const struct suite *suite)
{
    double all = 0.0, must = 0.0;
    for (uint32_t i = 0; i < suite->n_scenarios; i++) {
        all += suite->weights[i];
        must += suite->scenarios[i].must_escalate ? suite->weights[i] : 0.0;
    }
    return all > 0.0 ? must / all : 0.0;
}

static bool write_json(const struct out *out, FILE *stream, json_t *report)
{
    json_t *root = summary_object(out->request, out->result, out->wall_s);
    bool is_whole = root != NULL && report != NULL && json_object_set(root, "report", report) == 0;
    bool is_written = is_whole &&
                      json_dumpf(root, stream, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) == 0 &&
                      fputc('\n', stream) != EOF;
    json_decref(root);
    return is_written;
}

static bool write_table(const struct out *out, FILE *stream, json_t *report)
{
    (void)report; /* Only for the other. */
    summary_table(stream, out->request, out->result, out->command, out->wall_s);
    return !ferror(stream);
}

static enum err write_file(const struct out *out, const char *name, json_t *report,
                           bool (*write)(const struct out *, FILE *, json_t *),
                           struct err_text *ret_text)
{
    char path[PATH_BYTES], partial[PATH_BYTES + sizeof(".partial")];
    (void)snprintf(path, sizeof(path), "%s/%s", out->folder, name);
    (void)snprintf(partial, sizeof(partial), "%s.partial", path);
    FILE *stream = fopen(partial, "w");
    if (stream == NULL) {
        return err_set(ret_text, ERR_CANNOT_WRITE, "%s: %s", path, strerror(errno));
    }
    bool is_written = write(out, stream, report);
    is_written = fclose(stream) == 0 && is_written && rename(partial, path) == 0;
    if (!is_written) {
        enum err err = err_set(ret_text, ERR_IO, "%s: writing failed: %s", path, strerror(errno));
        (void)unlink(partial); /* Nothing half-written stays. */
        return err;
    }
    return OK;
}

/* summary.txt and campaign.json of two campaigns do not mix: whoever comes second waits, and its pair stands. */
static int lock_folder(const struct out *out)
{
    int folder = open(out->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (folder >= 0 && flock(folder, LOCK_EX) != 0 && errno == EINTR) {
    }
    return folder;
}

enum err out_write(const struct out *out, struct err_text *ret_text)
{
    json_t *report = tally_json(out->tally);
    if (report == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "out of memory");
    }
    struct report_subject subject = out->subject;
    subject.must_escalate_share = must_escalate_share(out->request->suite);
    subject.suite = out->request->suite;
    (void)json_object_set_new(report, "subject",
                              report_subject_json(&subject));       /* Absent, `report` says so. */
    (void)json_object_set_new(report, "targets", report_targets()); /* Likewise. */
    enum err err = tell_incident(out, report, ret_text);
    int lock = lock_folder(out);
    err = err == OK ? write_file(out, "summary.txt", report, write_table, ret_text) : err;
    if (err == OK) {
        err = write_file(out, "campaign.json", report, write_json, ret_text);
        if (err != OK) {
            char path[PATH_BYTES];
            (void)snprintf(path, sizeof(path), "%s/summary.txt", out->folder);
            (void)unlink(path); /* Both or none. */
        }
    }
    if (lock >= 0) {
        (void)close(lock); /* Only held. */
    }
    json_decref(report);
    return err;
}
