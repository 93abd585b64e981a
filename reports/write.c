/* SPDX-License-Identifier: Apache-2.0 */
/* From inputs to files: all of them are made beside the place first and then moved, so that a failure leaves nothing. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reports/evidence.h"
#include "reports/html.h"
#include "reports/reports.h"
#include "reports/source.h"

enum { PATH_BYTES = 4096 + 512 };

/* Files of a report, in the order in which they are moved into place: who sees report.html sees the others. */
struct output {
    char name[64];
};
enum { OUTPUTS = FIGURES + 3 };

struct writing {
    const char *out;
    char partial[PATH_BYTES];
    bool is_made; /* The folder was not there before. */
    struct output outputs[OUTPUTS];
    size_t n_outputs;
    struct err_text *text;
};

static enum err make_folder(struct writing *writing)
{
    const char *out = writing->out;
    char path[PATH_BYTES];
    if (strlen(out) > 4096) {
        return err_set(writing->text, ERR_CANNOT_WRITE, "option --out: the path is too long");
    }
    (void)snprintf(path, sizeof(path), "%s", out);
    for (char *at = path + 1; path[0] != '\0' && *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            (void)mkdir(path, 0777); /* It may be there; the last one tells. */
            *at = '/';
        }
    }
    writing->is_made = mkdir(path, 0777) == 0;
    struct stat status;
    if (!writing->is_made &&
        !(errno == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode))) {
        return err_set(writing->text, ERR_CANNOT_WRITE, "%.400s: cannot be made: %s", out,
                       strerror(errno));
    }
    (void)snprintf(writing->partial, sizeof(writing->partial), "%s/.partial", out);
    return OK;
}

/* What an earlier attempt that was killed left, or this one. */
static void remove_partial(const struct writing *writing)
{
    static const char *const folders[] = {"figures", ""};
    for (size_t i = 0; i < 2; i++) {
        char folder[2 * PATH_BYTES];
        (void)snprintf(folder, sizeof(folder), "%s/%s", writing->partial, folders[i]);
        DIR *listing = opendir(folder);
        struct dirent *entry = NULL;
        while (listing != NULL && (entry = readdir(listing)) != NULL) {
            char path[3 * PATH_BYTES];
            (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
            (void)unlink(path); /* Fails on folders, which go below. */
        }
        if (listing != NULL) {
            (void)closedir(listing); /* Only read. */
        }
        (void)rmdir(folder); /* Absent is as good. */
    }
}

static enum err make_partial(struct writing *writing)
{
    char folder[2 * PATH_BYTES];
    remove_partial(writing);
    (void)snprintf(folder, sizeof(folder), "%s/figures", writing->partial);
    if (mkdir(writing->partial, 0777) != 0 || mkdir(folder, 0777) != 0) {
        return err_set(writing->text, ERR_CANNOT_WRITE, "%.400s: cannot be written: %s",
                       writing->out, strerror(errno));
    }
    return OK;
}

static enum err write_file(struct writing *writing, const char *name, const struct page *page)
{
    char path[2 * PATH_BYTES];
    if (page->failed) {
        return err_set(writing->text, ERR_INTERNAL, "report: out of memory");
    }
    (void)snprintf(path, sizeof(path), "%s/%s", writing->partial, name);
    FILE *stream = fopen(path, "w");
    if (stream == NULL) {
        return err_set(writing->text, ERR_CANNOT_WRITE, "%.300s/%s: %s", writing->out, name,
                       strerror(errno));
    }
    bool is_written = fwrite(page->bytes, 1, page->n_bytes, stream) == page->n_bytes;
    if (fclose(stream) != 0 || !is_written) {
        return err_set(writing->text, ERR_IO, "%.300s/%s: writing failed: %s", writing->out, name,
                       strerror(errno));
    }
    (void)snprintf(writing->outputs[writing->n_outputs++].name, sizeof(writing->outputs[0].name),
                   "%s", name);
    return OK;
}

static enum err write_figures(struct writing *writing, const json_t *evidence, struct page *svgs)
{
    for (size_t i = 0; i < FIGURES; i++) {
        TRY(figure_draw(&figures[i], evidence, writing->partial, &svgs[i], writing->text));
        char name[64];
        struct page file = {0};
        (void)snprintf(name, sizeof(name), "figures/%s.svg", figures[i].name);
        page_format(&file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        page_put(&file, svgs[i].bytes, svgs[i].n_bytes);
        enum err err = write_file(writing, name, &file);
        page_close(&file);
        TRY(err);
    }
    return OK;
}

static enum err write_pages(struct writing *writing, const json_t *evidence, const struct page *svgs)
{
    struct page json = {0}, xml = {0}, html = {0};
    char *text = json_dumps(evidence, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
    if (text == NULL) {
        return err_set(writing->text, ERR_INTERNAL, "report: out of memory");
    }
    page_format(&json, "%s\n", text);
    free(text);
    junit_write(evidence, &xml);
    html_write(evidence, svgs, &html);
    enum err err = write_file(writing, "evidence.json", &json);
    err = err == OK ? write_file(writing, "junit.xml", &xml) : err;
    err = err == OK ? write_file(writing, "report.html", &html) : err;
    page_close(&json);
    page_close(&xml);
    page_close(&html);
    return err;
}

static enum err move_all(struct writing *writing)
{
    char from[2 * PATH_BYTES], to[2 * PATH_BYTES];
    (void)snprintf(to, sizeof(to), "%s/figures", writing->out);
    if (mkdir(to, 0777) != 0 && errno != EEXIST) {
        return err_set(writing->text, ERR_CANNOT_WRITE, "%.400s/figures: cannot be made: %s",
                       writing->out, strerror(errno));
    }
    for (size_t i = 0; i < writing->n_outputs; i++) {
        (void)snprintf(from, sizeof(from), "%s/%s", writing->partial, writing->outputs[i].name);
        (void)snprintf(to, sizeof(to), "%s/%s", writing->out, writing->outputs[i].name);
        if (rename(from, to) != 0) {
            return err_set(writing->text, ERR_CANNOT_WRITE, "%.300s/%s: %s", writing->out,
                           writing->outputs[i].name, strerror(errno));
        }
    }
    return OK;
}

static enum err write_all(struct writing *writing, const json_t *evidence)
{
    struct page svgs[FIGURES] = {{0}};
    TRY(make_folder(writing));
    enum err err = make_partial(writing);
    err = err == OK ? write_figures(writing, evidence, svgs) : err;
    err = err == OK ? write_pages(writing, evidence, svgs) : err;
    err = err == OK ? move_all(writing) : err;
    for (size_t i = 0; i < FIGURES; i++) {
        page_close(&svgs[i]);
    }
    remove_partial(writing);
    if (err != OK && writing->is_made) {
        (void)rmdir(writing->out); /* Nothing is in it unless moving failed half-way. */
    }
    return err;
}

/* The evidence as the file will hold it: figures and pages are made from nothing else. */
static enum err reread(json_t **evidence, struct err_text *text)
{
    char *bytes = json_dumps(*evidence, JSON_REAL_PRECISION(12));
    json_t *read = bytes == NULL ? NULL : json_loads(bytes, 0, NULL);
    free(bytes);
    if (read == NULL) {
        return err_set(text, ERR_INTERNAL, "report: out of memory");
    }
    json_decref(*evidence);
    *evidence = read;
    return OK;
}

enum err report_write(const struct report_request *request, struct err_text *ret_text)
{
    struct source sources[REPORT_INPUTS_MAX];
    uint32_t n = 0;
    enum err err = OK;
    for (uint32_t i = 0; i < request->n_inputs && err == OK; i++, n++) {
        err = source_open(request->inputs[i], &sources[i], ret_text);
    }
    json_t *evidence = NULL;
    err = err == OK ? evidence_build(sources, n, &evidence, ret_text) : err;
    err = err == OK ? reread(&evidence, ret_text) : err;
    if (err == OK) {
        struct writing writing = {.out = request->out, .text = ret_text};
        err = write_all(&writing, evidence);
    }
    json_decref(evidence);
    for (uint32_t i = 0; i < n; i++) {
        source_close(&sources[i]);
    }
    return err;
}
